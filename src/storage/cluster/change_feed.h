// ChangeFeed: hands the names of documents that other nodes changed to a listener, on a thread of
// its own, because a listener may wait for locks that are held over apply(). A name that changes
// again before it is handed on is handed on once. Safe from any thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "storage/cluster/cluster_store.h"

namespace metergate {

class ChangeFeed {
 public:
  ~ChangeFeed() { stop(); }
  // Once; names of before are handed on too. An empty listener is stop().
  void start(ClusterStore::Listener listener);
  // Returns when the listener has.
  void stop();
  // Waits while kWaitingMax names wait for a listener.
  void add(const std::vector<ClusterStore::DocumentName>& names);

 private:
  static constexpr std::size_t kWaitingMax = 100'000;
  void run(const ClusterStore::Listener& listener);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<ClusterStore::DocumentName> waiting_;
  bool is_started_ = false;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace metergate

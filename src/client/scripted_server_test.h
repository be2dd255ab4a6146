// A server for tests of the client: one thread on a free port of 127.0.0.1, one connection at a
// time. What it answers is a function of the request's body; it keeps all bodies. Any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace metergate::client {

class ScriptedServer {
 public:
  // The bytes to answer with to the n-th request; empty: the connection is closed instead.
  using Script = std::function<std::string(std::size_t n, const std::string& body)>;

  explicit ScriptedServer(Script script, int port = 0);
  ~ScriptedServer();

  // From now on an answer is sent after a request's head, and the body is not read at all.
  void answer_before_body(const std::string& answer);
  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Waits until so many have come.
  std::vector<std::string> bodies(std::size_t at_least = 0);
  std::vector<std::string> heads();
  std::size_t connections();

 private:
  void run();
  void serve(int socket);
  bool answers_early(int socket);
  Script script_;
  int listener_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<std::string> heads_;
  std::vector<std::string> bodies_;
  std::string early_answer_;
  std::size_t connections_ = 0;
  int open_ = -1;
  bool is_over_ = false;
  std::thread thread_;
};

inline const std::string kNoContent = "HTTP/1.1 204 No Content\r\n\r\n";
std::string answer_text(const std::string& status, const std::string& body,
                        const std::string& fields = "");
std::vector<std::string> ids_of(const std::string& body);

}  // namespace metergate::client

#include "service/access/login_guard.h"

#include <fmt/format.h>

#include <algorithm>

namespace metergate {
namespace {

constexpr std::size_t kGroupsOfSubnet = 4;  // 16 bits each

std::string pair_key(const LoginGuard::Try& login) { return login.address + '\n' + login.account; }

// 1 s after the first failure beyond the free ones, then doubling.
std::chrono::seconds wait_after(int failures, int free) {
  if (failures < free) return std::chrono::seconds{0};
  const int doublings = std::min(failures - free, 20);
  return std::min(std::chrono::seconds{std::int64_t{1} << doublings}, LoginGuard::kWaitMax);
}

}  // namespace

std::string LoginGuard::address_group(std::string_view ip) {
  if (ip.find(':') == std::string_view::npos || ip.find('.') != std::string_view::npos)
    return std::string{ip};
  std::string group;
  std::size_t groups = 0;
  while (groups < kGroupsOfSubnet && !ip.empty() && !ip.starts_with(':')) {
    const std::size_t end = std::min(ip.find(':'), ip.size());
    group += ip.substr(0, end);
    group += ':';
    ip.remove_prefix(std::min(end + 1, ip.size()));
    ++groups;
  }
  return group + ":/64";
}

std::chrono::seconds LoginGuard::wait_of(const Table& table, const std::string& key, int free,
                                         Microseconds now) {
  const auto found = table.find(key);
  if (found == table.end() || now - found->second.last >= kForgottenAfter)
    return std::chrono::seconds{0};
  const Microseconds until = found->second.last + wait_after(found->second.count, free);
  return until <= now ? std::chrono::seconds{0}
                      : std::chrono::ceil<std::chrono::seconds>(until - now);
}

void LoginGuard::count(Table& table, const std::string& key, Microseconds now) {
  if (table.size() >= kEntriesMax) {
    std::erase_if(table,
                  [&](const auto& entry) { return now - entry.second.last >= kForgottenAfter; });
    // Still full: someone has very many addresses, so one entry is dropped each time.
    if (table.size() >= kEntriesMax) table.erase(table.begin());
  }
  Failures& failures = table[key];
  if (failures.count > 0 && now - failures.last >= kForgottenAfter) failures.count = 0;
  ++failures.count;
  failures.last = now;
}

Result<> LoginGuard::admit(const Try& login, Microseconds now) {
  const std::scoped_lock lock(mutex_);
  const std::string pair = pair_key(login);
  const std::chrono::seconds wait =
      std::max(wait_of(pairs_, pair, kPairFailuresFree, now),
               wait_of(addresses_, login.address, kAddressFailuresFree, now));
  if (wait.count() > 0) {
    Error error{
        ErrorCode::rate_limit,
        fmt::format("too many failed logins from this address; try again in {} s", wait.count())};
    error.retry_after = wait;
    return fail(std::move(error));
  }
  count(pairs_, pair, now);
  count(addresses_, login.address, now);
  return {};
}

// The pair's failures are cleared, but the address is only relieved of this try; otherwise a login
// to one's own account would pay for guessing at others.
void LoginGuard::succeeded(const Try& login) {
  const std::scoped_lock lock(mutex_);
  pairs_.erase(pair_key(login));
  take_back(addresses_, login.address);
}

void LoginGuard::withdrawn(const Try& login) {
  const std::scoped_lock lock(mutex_);
  take_back(pairs_, pair_key(login));
  take_back(addresses_, login.address);
}

void LoginGuard::take_back(Table& table, const std::string& key) {
  const auto found = table.find(key);
  if (found == table.end()) return;
  if (--found->second.count <= 0) table.erase(found);
}

std::size_t LoginGuard::size() const {
  const std::scoped_lock lock(mutex_);
  return addresses_.size() + pairs_.size();
}

}  // namespace metergate

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <istream>
#include <ostream>

#include "app/commands/command.h"
#include "app/commands/table_print.h"
#include "app/exit_status.h"
#include "service/access/sessions.h"

namespace metergate {
namespace {

constexpr std::size_t kPasswordLineMax = 4096;

// Turns the terminal's echo off while it lives.
class HiddenTyping {
 public:
  HiddenTyping() : is_on_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!is_on_) return;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  ~HiddenTyping() {
    if (is_on_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  HiddenTyping(const HiddenTyping&) = delete;
  HiddenTyping& operator=(const HiddenTyping&) = delete;

 private:
  termios before_{};
  bool is_on_;
};

Result<std::string> read_line(std::istream& in) {
  std::string line;
  if (!std::getline(in, line) || line.size() > kPasswordLineMax) {
    return fail(ErrorCode::invalid,
                "no password came: type one, or send one line to standard input");
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

Result<std::string> ask_password(Streams& streams) {
  if (::isatty(STDIN_FILENO) == 0) return read_line(streams.in);
  const HiddenTyping hidden;
  streams.err << "Password (12 to 1024 characters): " << std::flush;
  std::string first = TRY(read_line(streams.in));
  streams.err << "\nThe same again: " << std::flush;
  const std::string second = TRY(read_line(streams.in));
  streams.err << '\n';
  if (first != second) return fail(ErrorCode::invalid, "the two passwords differ");
  return first;
}

std::string joined(const Json* texts) {
  std::string all;
  if (texts == nullptr || !texts->is_array()) return all;
  for (const Json& text : texts->as_array()) {
    if (!text.is_string()) continue;
    all += (all.empty() ? "" : ", ") + text.as_string();
  }
  return all;
}

class Users final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.require_subcommand(1);
    adds_ = options.add_subcommand("add",
                                   "a new user; the password is asked for, or read from "
                                   "standard input");
    adds_->add_option("EMAIL", email_)->required();
    adds_->add_option("--role", roles_, "may be repeated")->required()->allow_extra_args(false);
    adds_->add_option("--name", name_, "as people know them");
    disables_ = options.add_subcommand("disable", "ends a user's right to log in");
    disables_->add_option("EMAIL", email_)->required();
    options.add_subcommand("list", "all users");
  }

  Result<std::string> input(Streams& streams) const override {
    if (!adds_->parsed()) return std::string{};
    return ask_password(streams);
  }

  bool makes_folder() const override { return adds_->parsed(); }

  Result<int> run(StoreContext& context) override {
    Sessions& sessions = context.services.sessions;
    if (adds_->parsed()) {
      NewUser user{.email = email_,
                   .name = name_.empty() ? email_ : name_,
                   .password = TRY(read_line(context.streams.in)),
                   .roles = roles_};
      TRY(sessions.add_user(user, context.actor));
      context.streams.out << fmt::format("added {}\n", email_);
      return kExitDone;
    }
    if (disables_->parsed()) {
      UserPatch patch;
      patch.is_active = false;
      TRY(sessions.change_user(email_, patch, context.actor));
      context.streams.out << fmt::format("disabled {}\n", email_);
      return kExitDone;
    }
    return list(sessions, context.streams.out);
  }

 private:
  static Result<int> list(const Sessions& sessions, std::ostream& out) {
    std::vector<TableRow> rows = {{"EMAIL", "NAME", "ROLES", "ACTIVE"}};
    for (const Json& user : TRY(sessions.users())) {
      rows.push_back({user.string_at("email").value_or(""), user.string_at("name").value_or(""),
                      joined(user.find("roles")),
                      user.bool_at("is_active").value_or(false) ? "yes" : "no"});
    }
    print_table(rows, out);
    return kExitDone;
  }

  CLI::App* adds_ = nullptr;
  CLI::App* disables_ = nullptr;
  std::string email_;
  std::string name_;
  std::vector<std::string> roles_;
};

class Keys final : public StoreCommand {
 public:
  void declare(CLI::App& options) override {
    options.require_subcommand(1);
    adds_ = options.add_subcommand("add", "a new key, shown this once");
    adds_->add_option("--permission", permissions_, "may be repeated")
        ->required()
        ->allow_extra_args(false);
    adds_->add_option("--name", name_, "what it is for");
    adds_->add_option("--expires-at", expires_at_, "a time in RFC 3339; left out: never");
    revokes_ = options.add_subcommand("revoke", "ends a key at once");
    revokes_->add_option("ID", key_id_, "as list shows it")->required();
    options.add_subcommand("list", "all keys, without their secrets");
  }

  bool makes_folder() const override { return adds_->parsed(); }

  Result<int> run(StoreContext& context) override {
    Sessions& sessions = context.services.sessions;
    if (adds_->parsed()) {
      NewKey wanted{.name = name_, .permissions = permissions_, .expires_at = {}};
      if (!expires_at_.empty()) wanted.expires_at = TRY(parse_timestamp(expires_at_));
      const MadeKey made = TRY(sessions.add_key(wanted, context.actor));
      // Only the key goes to standard output, so that it can be piped to a file.
      context.streams.err << fmt::format("key {} is shown this once:\n", made.key_id);
      context.streams.out << made.key << '\n';
      return kExitDone;
    }
    if (revokes_->parsed()) {
      TRY(sessions.revoke_key(key_id_, context.actor));
      context.streams.out << fmt::format("revoked {}\n", key_id_);
      return kExitDone;
    }
    std::vector<TableRow> rows = {{"KEY", "NAME", "PERMISSIONS", "EXPIRES"}};
    for (const Json& key : TRY(sessions.keys())) {
      const auto expires_at = key.timestamp_at("expires_at");
      rows.push_back({key.string_at("key_id").value_or(""), key.string_at("name").value_or(""),
                      joined(key.find("permissions")),
                      expires_at ? to_text(*expires_at) : "never"});
    }
    print_table(rows, context.streams.out);
    return kExitDone;
  }

 private:
  CLI::App* adds_ = nullptr;
  CLI::App* revokes_ = nullptr;
  std::vector<std::string> permissions_;
  std::string name_ = "made on the command line";
  std::string expires_at_;
  std::string key_id_;
};

}  // namespace

std::unique_ptr<StoreCommand> make_users() { return std::make_unique<Users>(); }
std::unique_ptr<StoreCommand> make_keys() { return std::make_unique<Keys>(); }

}  // namespace metergate

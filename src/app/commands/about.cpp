#include <fmt/format.h>
#include <openssl/crypto.h>
#include <rocksdb/version.h>
#include <sodium/version.h>
#include <zlib.h>
#include <zstd.h>

#include <CLI/CLI.hpp>
#include <boost/version.hpp>
#include <ostream>

#include "app/build_facts.h"
#include "app/command_line.h"
#include "app/commands/command.h"
#include "app/exit_status.h"

namespace metergate {
namespace {

class Version final : public LocalCommand {
 public:
  void declare(CLI::App&) override {}

  Result<int> run(LocalContext& context) override {
    context.streams.out << fmt::format(
        "metergate {} (commit {}, {})\n"
        "libraries: RocksDB {}.{}.{}, {}, Boost {}.{}.{}, libsodium {}, fmt {}.{}.{}, zlib {}, "
        "zstd {}, CLI11 {}\n",
        kVersion, kCommit, kBuildType, ROCKSDB_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH,
        OpenSSL_version(OPENSSL_VERSION_STRING), BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
        BOOST_VERSION % 100, SODIUM_VERSION_STRING, FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
        FMT_VERSION % 100, zlibVersion(), ZSTD_versionString(), CLI11_VERSION);
    return kExitDone;
  }
};

class Help final : public LocalCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("COMMAND", name_, "whose help to show");
  }

  Result<int> run(LocalContext& context) override {
    if (name_.empty()) {
      print_all(context.streams.out);
      return kExitDone;
    }
    const CommandRow* row = find_command(name_);
    if (row == nullptr) {
      context.streams.err << fmt::format(
          "metergate help: there is no command {:.80}; metergate help lists them all\n", name_);
      return kExitUsage;
    }
    print_command_help(*row, context.streams.out);
    return kExitDone;
  }

 private:
  static void print_all(std::ostream& out) {
    out << "Metergate meters what every tenant of a SaaS uses, holds it against the tenant's plan, "
           "and bills the overage.\n\n";
    for (const CommandRow& row : all_commands()) {
      if (!row.is_listed) continue;
      out << fmt::format("  metergate {} {}\n      {}\n      example: {}\n", row.name, row.usage,
                         row.summary, row.example);
    }
    out << "\nExit status: 0 done, 1 it failed, 2 the words on the command line were wrong, 3 the "
           "configuration was wrong.\nSettings come from flags, the environment, .env and "
           "defaults, in this order; metergate serve --print-config\nshows them. metergate "
           "COMMAND --help says more of each.\n";
  }

  std::string name_;
};

}  // namespace

std::unique_ptr<LocalCommand> make_version() { return std::make_unique<Version>(); }
std::unique_ptr<LocalCommand> make_help() { return std::make_unique<Help>(); }

}  // namespace metergate

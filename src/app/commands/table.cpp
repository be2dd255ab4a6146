#include "app/commands/command.h"

namespace metergate {
namespace {

constexpr CommandRow kCommands[] = {
    {"serve", "[--port N] [--data-dir D] [--env-file F] [--workers=off] [--print-config]",
     "the server, workers included", "metergate serve --port 48080 --data-dir ./data", nullptr,
     make_serve},
    {"demo", "[--port N]", "a server with made-up tenants in a throw-away folder, to try it with",
     "metergate demo", nullptr, make_demo},
    {"indexes", "", "makes the collections' indexes, and says what it made and what was there",
     "metergate indexes", make_indexes, nullptr},
    {"workers", "run-once [NAME] | start | stop | status",
     "runs the workers now, or tells how they fare", "metergate workers run-once aggregation",
     make_workers, nullptr},
    {"token", "--scope provider --role R | --scope tenant --tenant ID [--ttl 1h]",
     "prints a signed token", "metergate token --scope provider --role Billing-Ops --ttl 1h",
     nullptr, make_token},
    {"tenants", "add ID --name N --plan P | list", "the directory of tenants",
     "metergate tenants add tenant_456 --name 'Adventure Park' --plan basic", make_tenants,
     nullptr},
    {"users", "add EMAIL --role R | list | disable EMAIL", "users of the provider",
     "metergate users add ada@example.com --role NOC < password.txt", make_users, nullptr},
    {"keys", "add --permission P | list | revoke ID", "API keys, each shown once",
     "metergate keys add --permission events.write --name shop-backend", make_keys, nullptr},
    {"webhooks", "list [--tenant T] | replay ID [--tenant T] [--since T | --delivery ID]",
     "webhooks of a tenant or the provider, and what to send them again",
     "metergate webhooks replay 01J0000000000000000000000A --tenant tenant_456", make_webhooks,
     nullptr},
    {"periods", "list | reopen PERIOD --reason TEXT",
     "which months take events, and the taking up again of one that was closed by mistake",
     "metergate periods reopen 2026-11 --reason 'the clock was wrong'", make_periods, nullptr},
    {"usage", "TENANT [PERIOD] [--json]",
     "what a tenant has used of its limits, and what is expected", "metergate usage tenant_456",
     make_usage, nullptr},
    {"statement", "TENANT [PERIOD] [--json]", "what a tenant owes, line by line",
     "metergate statement tenant_456 2026-03", make_statement, nullptr},
    {"alerts",
     "[--status S] [--type T] [--tenant ID] [--json] | ack ID [--reason TEXT] | resolve ID "
     "--reason TEXT",
     "the alerts that nobody has resolved, and what is done about them",
     "metergate alerts resolve alert-2026-03-tenant_456 --reason 'they upgrade in April'",
     make_alerts, nullptr},
    {"plan", "set TENANT PLAN --reason TEXT [--drop-limits] [--dry-run] [--json]",
     "puts a tenant on another plan, or shows what that would do",
     "metergate plan set tenant_456 premium --reason 'they grow'", make_plan, nullptr},
    {"find", "COLLECTION [FILTER] [--sort S] [--limit N] [--count]",
     "documents of a collection, one a line",
     R"(metergate find usage_counters '{period: "2026-03"}' --sort '{tenant_id: 1}')", make_find,
     nullptr},
    {"report", "PERIOD [--format json|csv|xlsx|pdf] [-o FILE]", "a monthly report",
     "metergate report 2026-03 --format csv -o usage_report_2026-03.csv", make_report, nullptr},
    {"import", "FILE... [--format F] [--tenant-path P] [--rejects FILE]",
     "usage events from files or standard input (-): NDJSON, CSV, and access logs of nginx, Caddy "
     "and HAProxy",
     "metergate import events.ndjson", nullptr, make_import},
    {"export", "COLLECTION [FILTER] [-o FILE]",
     "documents of a collection to a file, by its ending gzip (.gz) or zstd (.zst)",
     "metergate export api_calls -o api_calls.ndjson.zst", make_export, nullptr},
    {"backup", "TARGET", "a complete copy of the data folder, also while a server runs on it",
     "metergate backup /backups/2026-03-01.tar.zst", nullptr, make_backup},
    {"restore", "BACKUP [--check]",
     "puts a backup into an empty data folder and reads everything back",
     "metergate restore /backups/2026-03-01.tar.zst --data-dir ./data", nullptr, make_restore},
    {"doctor", "", "looks for what is wrong, and says how to mend it", "metergate doctor", nullptr,
     make_doctor},
    {"verify", "[--period P] [--head HASH@N]",
     "counts the raw events again, recomputes the audit chain, and prints every difference",
     "metergate verify --period 2026-03", make_verify, nullptr},
    {"openapi", "[--format json|markdown|html]",
     "describes the HTTP API: OpenAPI 3.1, docs/api.md, or the page at /docs",
     "metergate openapi > openapi.json", nullptr, make_openapi},
    {"man", "", "the manual page, for man", "metergate man > metergate.1", nullptr, make_man},
    {"completion", "bash|zsh|fish", "words for the shell's completion",
     "metergate completion bash > /etc/bash_completion.d/metergate", nullptr, make_completion},
    {"version", "", "version, commit, build type and linked libraries", "metergate version",
     nullptr, make_version},
    {"help", "[COMMAND]", "this text, or a command's own", "metergate help find", nullptr,
     make_help},
    {"import-lines", "", "records the events that import sends", "", make_import_lines, nullptr,
     false, "import"},
    {"issue-token", "", "what token asks of a server", "", make_issue_token, nullptr, false,
     "token"},
    {"secret-figures", "", "what doctor asks of the secrets", "", make_secret_figures, nullptr,
     false, "doctor"},
    {"take-snapshot", "", "what backup asks of a store", "", make_take_snapshot, nullptr, false,
     "backup"},
    {"store-figures", "", "what doctor asks of a store", "", make_store_figures, nullptr, false,
     "doctor"},
};

}  // namespace

std::span<const CommandRow> all_commands() { return kCommands; }

const CommandRow* find_command(std::string_view name) {
  for (const CommandRow& row : kCommands) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace metergate

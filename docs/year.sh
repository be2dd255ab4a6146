#!/usr/bin/env bash
# A provider's year: what a month's end, a change of plan, a late batch and a correction do to the papers.
#
#   docs/year.sh METERGATE CLOCK [TENANTS]
#
# METERGATE is the program, CLOCK the library that moves its clock (build/libmoved_clock.so), TENANTS how many there are
# (20). Thirteen months pass. Each month the tenants use something, and the month before is closed, its report kept. Then
# `verify` recounts everything, and every report of the year is taken again: it must be the same, byte for byte.
set -euo pipefail
metergate=$(readlink -f "$1") clock=$(readlink -f "$2") tenants=${3:-20}
folder=$(mktemp -d "${TMPDIR:-/tmp}/metergate-year-XXXXXX")
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"
export JWT_SECRET=a-year-has-a-secret-of-enough-bytes DATA_DIR=$folder/data LISTEN_ADDRESS=127.0.0.1 API_PORT=0 LOG_LEVEL=error
export METERGATE_TEST_CLOCK=$folder/clock
here=$(date +%s)

say() { printf '%s  %s\n' "$1" "$2"; }

# The program, at the time that the year has come to.
at_that_time() { LD_PRELOAD=$clock "$metergate" "$@"; }

set_clock() { printf '%s %s\n' "$(($(date -u -d "$1" +%s) - here))" "${2:-0}" >clock; }

# A token holds for a day; the time of the year moves, so each month has one of its own.
start() {
  set_clock "$1"
  at_that_time serve >ready 2>>log &
  server=$!
  until grep -q ' on http://' ready; do
    kill -0 "$server" || { cat log >&2 && exit 1; }
    sleep 0.05
  done
  url=$(sed -n 's/.* on //p' ready)
  T=$(at_that_time token --scope provider --role Provider-Admin)
}

stop() { kill "$server" && wait "$server" || true; server=; }

ask() {
  local method=$1 path=$2
  shift 2
  curl -sS --fail-with-body -X "$method" -H "Authorization: Bearer $T" -H 'Content-Type: application/json' "$url$path" "$@"
}

# Usage of every tenant at a time: calls, stores, gigabytes. The more a tenant's number, the more of it.
usage() {
  awk -v at="$1" -v name="$2" -v tenants="$tenants" 'BEGIN {
    printf "["
    for (n = 1; n <= tenants; ++n) {
      form = "{\"specversion\":\"1.0\",\"source\":\"shop\",\"subject\":\"tenant_%d\",\"time\":\"%s\",\"id\":\"%s-%s-%d\",\"type\":\"%s\",\"data\":{%s}}"
      comma = n > 1 ? "," : ""
      printf comma form ",", n, at, name, "stores", n, "store.count", sprintf("\"count\":%d", n % 7)
      printf form ",", n, at, name, "bytes", n, "storage.usage", sprintf("\"bytes\":%d", n * 700000000)
      printf form, n, at, name, "call", n, "api.call", sprintf("\"method\":\"GET\",\"endpoint\":\"/orders\",\"status\":200,\"request_bytes\":%d,\"response_bytes\":900,\"duration_ms\":%d", 100 + n, n)
    }
    print "]" }' >events.json
  ask POST /api/v1/events --data-binary @events.json
}

# The server believes a clock that is weeks ahead once an event from outside and ten minutes agree.
settle() { set_clock "$1" 660 && sleep 0.3; }

month() { date -u -d "2025-01-01 + $1 months" +%Y-%m; }

close_month() {
  at_that_time workers run-once aggregation >>log
  at_that_time report "$1" --format csv >"report-$1.csv"
  [ "$(wc -l <"report-$1.csv")" -gt "$tenants" ] || { say "$1" 'its report misses tenants' && exit 1; }
}

for ((n = 0; n <= 13; ++n)); do
  now=$(month "$n") before=$(month "$((n - 1))")
  if [ "$n" = 7 ]; then
    start "$now-01T10:00:00Z"
    usage "$before-28T12:00:00Z" "late-$n"
    say "$now" "a batch of $before comes on the first, before its month is closed"
    stop
  fi
  start "$now-04T02:00:00Z"
  if [ "$n" = 0 ]; then
    for ((t = 1; t <= tenants; ++t)); do
      ask POST /provider/tenants -d "{\"tenant_id\":\"tenant_$t\",\"name\":\"Tenant $t\",\"plan\":\"free\"}" >>log
    done
  fi
  usage "$now-04T01:00:00Z" "month-$n"
  settle "$now-04T02:11:00Z"
  case $n in
    3) ask POST /provider/billing/tenants/tenant_2/plan -d '{"plan":"basic","reason":"they grow"}' >>log && say "$now" 'tenant_2 goes to basic' ;;
    5) ask PATCH /provider/tenants/tenant_3 -d '{"limits_override":{"max_stores":9},"reason":"as agreed"}' >>log && say "$now" 'tenant_3 may have 9 stores' ;;
    9)
      ask POST /api/v1/corrections -d '{"tenant_id":"tenant_4","source":"shop","id":"month-9-call-4","action":"void","reason":"sent in error"}' >>log
      ask POST /api/v1/corrections -d '{"tenant_id":"tenant_5","source":"shop","id":"month-8-call-5","action":"void","reason":"sent in error"}' >>log
      say "$now" "calls of $now and of $before, which is still open to corrections, are taken back"
      ;;
  esac
  [ "$n" = 0 ] || close_month "$before"
  stop
done

set_clock "$(month 13)-05T00:00:00Z"
at_that_time verify
for ((n = 0; n < 13; ++n)); do
  at_that_time report "$(month "$n")" --format csv | cmp - "report-$(month "$n").csv"
done
say "$(month 13)" "13 reports of $tenants tenants were taken again and are the same"

#!/usr/bin/env bash
# A provider's year: what a month's end, a change of plan, a late batch, a correction and a lost disk do to the papers.
#
#   docs/year.sh METERGATE CLOCK [TENANTS]
#
# METERGATE is the program, CLOCK the library that moves its clock (build/tests/libmoved_clock.so), TENANTS how many
# there are (6). Thirteen months pass. Each month the tenants use something, and the month before is closed and its report
# kept. In the autumn the disk is lost and a backup restored. Then `verify` recounts everything, and every report of the
# year is taken again: it must be the same, byte for byte.
set -euo pipefail
metergate=$(readlink -f "$1") clock=$(readlink -f "$2") tenants=${3:-6}
[ "$tenants" -ge 6 ] || { echo 'a year needs 6 tenants or more' >&2 && exit 2; }
folder=$(mktemp -d "${TMPDIR:-/tmp}/metergate-year-XXXXXX")
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"
export JWT_SECRET=a-year-has-a-secret-of-enough-bytes DATA_DIR=$folder/data LISTEN_ADDRESS=127.0.0.1 API_PORT=0 LOG_LEVEL=error
export METERGATE_TEST_CLOCK=$folder/clock

say() { printf '%s  %s\n' "$1" "$2"; }

stop_with() { say "$1" "$2" >&2 && tail -n 20 log >&2 && exit 1; }

# The program, at the time that the year has come to.
at_that_time() { LD_PRELOAD=$clock "$metergate" "$@"; }

# The clock's file is written in place, since a server looks into it all the time: the wall clock, the monotonic one.
set_clock() { printf '%-20d %-20d' "$(($(date -u -d "$1" +%s) - EPOCHSECONDS))" "${2:-0}" 1<>clock; }

start() {
  set_clock "$1"
  : >ready
  LD_PRELOAD=$clock "$metergate" serve >ready 2>>log &
  server=$!
  until [[ $(<ready) == *' on http://'* ]]; do
    kill -0 "$server" 2>/dev/null || stop_with "$1" 'the server did not start'
    sleep 0.05
  done
  url=$(<ready) url=http://${url##*://}
}

stop() {
  kill "$server"
  wait "$server" || stop_with "$now" 'the server did not stop in order'
  server=
}

ask() {
  local method=$1 path=$2
  shift 2
  curl -sS --fail-with-body -X "$method" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' "$url$path" "$@" >answer 2>>log ||
    stop_with "$now" "$method $path: $(cat answer)"
}

# Usage of every tenant at a time: stores, gigabytes, a call, a webhook. The greater a tenant's number, the more of it.
use() {
  awk -v at="$1" -v name="$2" -v tenants="$tenants" '
    function event(n, kind, type, data) {
      printf "%s{\"specversion\":\"1.0\",\"source\":\"shop\",\"subject\":\"tenant_%d\",\"time\":\"%s\",", comma, n, at
      printf "\"id\":\"%s-%s-%d\",\"type\":\"%s\",\"data\":{%s}}", name, kind, n, type, data
      comma = ","
    }
    BEGIN {
      printf "["
      for (n = 1; n <= tenants; ++n) {
        event(n, "stores", "store.count", "\"count\":" n % 7)
        event(n, "bytes", "storage.usage", "\"bytes\":" n * 700000000)
        event(n, "call", "api.call", "\"method\":\"GET\",\"endpoint\":\"/orders\",\"status\":200,\"request_bytes\":100,\"response_bytes\":900,\"duration_ms\":" n)
        event(n, "hook", "webhook.call", "\"webhook_id\":\"w1\",\"success\":true,\"duration_ms\":" n)
      }
      print "]"
    }' >events.json
  ask POST /api/v1/events --data-binary @events.json
}

# A clock that is weeks ahead of the last look is believed once an event from outside and ten minutes agree with it.
settle() {
  set_clock "$1" 660
  for ((look = 0; look < 200; ++look)); do
    curl -sS "$url/readyz" | grep -q doubted || return 0
    sleep 0.05
  done
  stop_with "$now" 'the clock is still doubted'
}

month() { date -u -d "2025-01-01 + $1 months" +%Y-%m; }

# All that a report says: figures, lines, and when it was made; of JSON without the head, which says when it was asked for.
report_of() {
  local path="/provider/billing/reports?period=$1&format"
  ask GET "$path=csv" "$url$path=csv&detail=lines" "$url$path=json"
  sed 's/^{"server_time":"[^"]*","request_id":"[^"]*",//' answer
}

close_month() {
  at_that_time workers run-once >>log
  report_of "$1" >"report-$1"
  [ "$(grep -c '^tenant_' "report-$1")" -gt "$tenants" ] || stop_with "$1" 'its report misses tenants'
}

correct() {
  ask POST /api/v1/corrections -d "{\"tenant_id\":\"$1\",\"source\":\"shop\",\"id\":\"$2\",\"time\":\"$3\",\"action\":\"void\",\"reason\":\"sent in error\"}"
}

set_clock 2025-01-01T00:00:00Z
key=$(at_that_time keys add --name year --permission '*' 2>>log)
for ((n = 0; n <= 13; ++n)); do
  now=$(month "$n") before=$(month "$((n - 1))")
  if [ "$n" = 7 ]; then
    start "$now-01T10:00:00Z"
    use "$before-28T12:00:00Z" late
    say "$now" "a batch of $before comes on the first, while its month is still open"
    stop
  fi
  start "$now-04T02:00:00Z"
  if [ "$n" = 0 ]; then
    for ((t = 1; t <= tenants; ++t)); do
      ask POST /provider/tenants -d "{\"tenant_id\":\"tenant_$t\",\"name\":\"Tenant $t\",\"plan\":\"free\",\"limits_override\":{\"max_webhooks_per_month\":0}}"
    done
  fi
  use "$now-04T01:58:00Z" "month-$n"
  settle "$now-04T02:11:00Z"
  case $n in
    3)
      ask POST /provider/billing/tenants/tenant_2/plan -d '{"plan":"basic","reason":"they grow"}'
      say "$now" 'tenant_2 goes to basic'
      ;;
    5)
      ask PATCH /provider/tenants/tenant_3 -d '{"limits_override":{"max_stores":9,"max_webhooks_per_month":0},"reason":"as agreed"}'
      say "$now" 'tenant_3 may have 9 stores'
      ;;
  esac
  [ "$n" = 0 ] || close_month "$before"
  if [ "$n" = 9 ]; then
    correct tenant_4 month-9-hook-4 "$now-04T01:58:00Z"
    correct tenant_5 month-8-hook-5 "$before-04T01:58:00Z"
    say "$now" "webhooks of $now and of $before, which is closed, are taken back"
  fi
  if [ "$n" = 10 ]; then
    at_that_time backup "$folder/backup.tar.zst" >>log
    use "$now-04T02:05:00Z" after-the-backup
    stop
    rm -rf data
    at_that_time restore "$folder/backup.tar.zst" >>log 2>&1 || stop_with "$now" 'the backup was not restored'
    start "$now-04T02:20:00Z"
    use "$now-04T01:58:00Z" "month-$n"
    use "$now-04T02:05:00Z" after-the-backup
    say "$now" 'the disk was lost and the backup restored; senders sent again what came around then'
  fi
  stop
done

start "$(month 13)-05T00:00:00Z"
for ((n = 0; n < 13; ++n)); do
  report_of "$(month "$n")" | cmp - "report-$(month "$n")"
done
[ "$(grep -c ',late,' "report-$(month 9)")" = 1 ] || stop_with "$(month 9)" 'the correction of a closed month is no line of its own'
[ "$(at_that_time find usage_counters "{tenant_id: 'tenant_1', api_calls: 2}" --count)" = 2 ] ||
  stop_with "$now" 'what came late, or was sent again, was not counted once'
at_that_time verify
stop
say "$(month 13)" "13 reports of $tenants tenants were taken again and are the same"

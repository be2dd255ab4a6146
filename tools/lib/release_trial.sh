# Tries what tools/release made, in a bare machine (tools/lib/bare_debian.sh); sourced by it. $package and $tarball
# are the files, $version is what they should say of themselves.
# shellcheck shell=bash disable=SC2154

# What the package's own unit starts, since no systemd runs in the machine.
start_server() {
  : >"$machine/tmp/server.log"
  rm -f "$machine/tmp/server.pid"
  in_machine setpriv --reuid metergate --regid metergate --clear-groups \
    sh -c 'cd /var/lib/metergate && umask 077 && echo $$ >/tmp/server.pid && exec metergate serve --env-file /etc/metergate/env --port 0' \
    >"$machine/tmp/server.log" 2>&1 &
  server=$!
  local deadline=$((SECONDS + 60))
  url=
  while [ -z "$url" ]; do
    sleep 0.2
    url=$(sed -n 's/^metergate is ready on //p' "$machine/tmp/server.log")
    if ! kill -0 "$server" 2>/dev/null || [ "$SECONDS" -gt "$deadline" ]; then
      cat "$machine/tmp/server.log" >&2
      stop "the installed server was not ready"
    fi
  done
}

stop_server() {
  kill -TERM "$(cat "$machine/tmp/server.pid")"
  wait "$server" || stop "the server ended with $? when it was told to stop"
}

as_operator() {
  in_machine setpriv --reuid metergate --regid metergate --clear-groups \
    sh -c "cd /var/lib/metergate && $1 --env-file /etc/metergate/env"
}

expect() {
  case "$2" in *"$1"*) ;; *) stop "'$1' was expected, and this came: $2" ;; esac
}

install_package() {
  cp "$package" "$tarball" "$machine/tmp/"
  [ -z "$(in_machine dpkg-query -W -f '${Package}\n' | grep -- '-dev$')" ] || stop "the machine has -dev packages"
  in_machine dpkg -i "/tmp/$(basename "$package")" >"$machine/tmp/dpkg.log" 2>&1 || {
    cat "$machine/tmp/dpkg.log" >&2
    stop "the package cannot be installed"
  }
  expect '640 root metergate' "$(in_machine stat -c '%a %U %G' /etc/metergate/env)"
  expect '700 metergate metergate' "$(in_machine stat -c '%a %U %G' /var/lib/metergate)"
  [ -x "$machine/usr/bin/metergate" ] || stop "the package holds no /usr/bin/metergate"
  if in_machine ldd /usr/bin/metergate | grep 'not found'; then stop "libraries are missing"; fi
}

# A minute is what somebody gives it who only wants to see whether it counts.
count_from_package() {
  local began=$SECONDS key event
  install_package
  start_server
  as_operator "metergate tenants add acme --name Acme --plan free" >/dev/null
  key=$(as_operator "metergate keys add --permission events.write --name trial")
  event='{"id":"1","source":"trial","type":"storage.usage","subject":"acme","data":{"bytes":2147483648}}'
  expect 204 "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $key" \
    -H 'Content-Type: application/cloudevents+json' -d "${event/\{/\{\"specversion\":\"1.0\",}" "$url/api/v1/events")"
  expect '"storage_gb":2' "$(as_operator "metergate find usage_counters '{tenant_id: \"acme\"}'")"
  [ $((SECONDS - began)) -le 60 ] || stop "from the package to the first counted event took $((SECONDS - began)) s, more than 60"
}

use_package() {
  local period report
  period=$(date -u +%Y-%m)
  as_operator "metergate workers run-once" >/dev/null
  report=$(as_operator "metergate report $period --format csv")
  expect acme "$report"
  expect 700 "$(in_machine stat -c %a /var/lib/metergate/data)"
  stop_server
  start_server
  expect '"storage_gb":2' "$(as_operator "metergate find usage_counters '{tenant_id: \"acme\"}'")"
  stop_server
}

purge_package() {
  in_machine dpkg -r metergate >/dev/null
  [ -e "$machine/etc/metergate/env" ] || stop "a removal took the settings"
  [ -d "$machine/var/lib/metergate/data" ] || stop "a removal took the data"
  in_machine dpkg --purge metergate >/dev/null 2>&1
  local left
  left=$(in_machine sh -c 'find / -xdev -iname "*metergate*" -not -path "/tmp/*" -not -path "/proc/*" -print; getent passwd metergate || true')
  [ -z "$left" ] || stop "the purge left behind: $left"
}

try_tarball() {
  in_machine sh -c "mkdir /opt/trial && tar -C /opt/trial --strip-components=1 -xzf /tmp/$(basename "$tarball")"
  expect "$version" "$(in_machine /opt/trial/bin/metergate version)"
  expect 'Free' "$(in_machine sh -c 'cd /tmp && JWT_SECRET=0123456789012345678901234567890123456789 /opt/trial/bin/metergate tenants add acme --name Free --plan free')"
}

# Of the bare machine, before anything is installed in it, where the image's Dockerfile names this release.
keep_base_of_image() {
  grep -qx "FROM debian:$release-slim" "$top/deploy/Dockerfile" || return 0
  tar -C "$machine" --one-file-system --exclude=./var/tmp/base.tar -cf "$machine/var/tmp/base.tar" .
}

image_tool() {
  local command=$1
  shift
  buildah --root "$machine/var/tmp/images" --runroot "$machine/var/tmp/images.run" --storage-driver vfs "$command" "$@"
}

in_image() { image_tool run --isolation chroot --network host "$@"; }

# The image of deploy/Dockerfile over this machine's own base, as its user: started, asked how it is, and stopped.
try_image() {
  local log=$machine/tmp/image.log container base url='' deadline pid
  {
    base=$(image_tool from scratch)
    image_tool add --quiet "$base" "$machine/var/tmp/base.tar" /
    image_tool commit --quiet "$base" "docker.io/library/debian:$release-slim"
    mkdir "$machine/var/tmp/context"
    cp "$tarball" "$machine/var/tmp/context/"
    image_tool build --format docker --isolation chroot --network host --pull-never --file "$top/deploy/Dockerfile" \
      --tag metergate:trial "$machine/var/tmp/context"
    container=$(image_tool from --pull-never metergate:trial)
  } >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    stop "the image cannot be built"
  }
  local secret=JWT_SECRET=0123456789012345678901234567890123456789
  in_image --env "$secret" --env API_PORT=0 --env LISTEN_ADDRESS=127.0.0.1 "$container" -- metergate serve >"$log" 2>&1 &
  deadline=$((SECONDS + 120))
  while [ -z "$url" ]; do
    sleep 0.5
    url=$(sed -n 's/^metergate is ready on //p' "$log")
    if ! kill -0 $! 2>/dev/null || [ "$SECONDS" -gt "$deadline" ]; then
      tail -n 30 "$log" >&2
      stop "the image's server was not ready"
    fi
  done
  expect 200 "$(curl -s -o /dev/null -w '%{http_code}' "$url/readyz")"
  in_image --env "$secret" "$container" -- metergate doctor >"$machine/tmp/doctor.log" 2>&1 || {
    cat "$machine/tmp/doctor.log" >&2
    stop "the image's own check says that it is not well"
  }
  pid=$(in_machine sh -c 'grep -lx metergate /proc/[0-9]*/comm' | cut -d / -f 3)
  expect 10001 "$(in_machine stat -c %u "/proc/$pid")"
  kill -TERM "$pid"
  wait $! || stop "the image's server ended with $? when it was told to stop"
}

# A bare Debian in a folder, for scripts that try things on a machine with nothing on it (sourced by them).
#
# in_namespace runs a script of ours again, with $FRESH_MACHINE set to a new folder: in mount and process
# namespaces, so that what it mounts and starts ends with it. The other functions are for that inner run.
# shellcheck shell=bash

machine=${FRESH_MACHINE:-}
case "$machine" in '' | /*) ;; *) machine='' ;; esac

stop() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# This machine refuses what a bare one needs, so that nothing was tried: status 3, which is no finding.
refuse() {
  echo "${0##*/}: $*" >&2
  exit 3
}

# A step with its time: what it is, then the command.
step() {
  local name=$1 began=$SECONDS
  shift
  printf '%s: %s: %s …\n' "${0##*/}" "$release" "$name"
  "$@"
  printf '%s: %s: %s: done in %d s\n' "${0##*/}" "$release" "$name" $((SECONDS - began))
}

# Runs "$@" so; the folder is removed afterwards unless $keep is set.
in_namespace() {
  [ "$(id -u)" -eq 0 ] || refuse "this mounts file systems, so it needs root: sudo tools/${0##*/}"
  command -v debootstrap >/dev/null || refuse "debootstrap is missing: apt-get install debootstrap"
  unshare --mount --pid --fork true || refuse "the kernel gives root no mount and process namespaces here"
  local parent=${TMPDIR:-/var/tmp} folder status=0 free
  free=$(df --output=avail -k "$parent" | tail -n 1)
  [ "$free" -gt 6000000 ] || refuse "$parent has $((free / 1024)) MiB free, and 6000 are needed; set TMPDIR"
  remove_left_over "$parent"
  folder=$(mktemp -d "$parent/metergate-bare-XXXXXX")
  exec 9>"$folder.lock"
  flock 9
  # Each of these ends with the one before it, however that ends; until then the lock is held.
  FRESH_MACHINE=$folder setpriv --pdeathsig KILL \
    unshare --mount --pid --fork --kill-child --propagation private bash "$@" || status=$?
  if [ -n "${keep:-}" ]; then
    rm -f "$folder.lock"  # no run takes it for one that was killed
    echo "${0##*/}: kept in $folder"
  else
    rm -rf --one-file-system "$folder" "$folder.lock"
  fi
  exec 9>&-
  return "$status"
}

# Folders of runs that were killed: nobody holds their locks any more.
remove_left_over() {
  local lock
  for lock in "$1"/metergate-bare-*.lock; do
    [ -e "$lock" ] || continue
    if flock --nonblock "$lock" true; then
      rm -rf --one-file-system "${lock%.lock}" "$lock"
    fi
  done
}

# Where this machine's own packages of Debian come from.
debian_mirror() {
  local mirror
  # shellcheck disable=SC2016
  mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian //p' | head -n 1)
  [ -n "$mirror" ] || refuse "this machine's apt names no archive of Debian: apt-get update"
  echo "$mirror"
}

# A minbase of release $1 with the packages $2 (a,b,c; may be left out) in $machine, that reaches what this machine's apt reaches.
make_machine() {
  set -- "$1" "${2:-}"
  local mirror log
  mirror=$(debian_mirror)
  log=$(mktemp)
  if ! debootstrap --variant=minbase ${2:+"--include=$2"} "$1" "$machine" "$mirror" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    refuse "debootstrap could not make $1 from $mirror"
  fi
  rm -f "$log"
  chmod 0755 "$machine"  # it is / to the machine's users
  mount -t proc proc "$machine/proc"
  mount --rbind /dev "$machine/dev"
  mount -t tmpfs tmpfs "$machine/dev/shm"
  cp /etc/resolv.conf /etc/hosts "$machine/etc/"
  # A proxy, or a clock that the archive's dates do not fit, is this machine's, not the release's.
  apt-config dump | grep -E '^Acquire::(http|https|Check-[A-Za-z-]*)\b.* "[^"]+";$' \
    >"$machine/etc/apt/apt.conf.d/90machine" || true
}

# The last commit of the repository $1 as a clone at $2 in the machine.
clone_into_machine() {
  local above=$machine$2
  mkdir -p "$above"
  git clone --quiet --no-hardlinks "$1" "$above"
  # It may stand in a folder that is root's alone, such as /root.
  while [ "$above" != "$machine" ]; do
    chmod a+x "$above"
    above=$(dirname "$above")
  done
}

# With this machine's variables left out, but those in $variables and $language.
language=(LC_ALL=C.UTF-8)
variables=()
in_machine() {
  chroot "$machine" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
    "${language[@]}" "${variables[@]}" "$@"
}

# The temporary folder that everything lives in, the processes started in it, and the end of both.
# shellcheck shell=bash

# Makes $work and points every client's configuration into it.
prepare_workplace() {
  # Short, because a Unix socket's path holds 107 bytes.
  work=$(mktemp -d "${TMPDIR:-/tmp}/shoal-clients.XXXXXX")
  mkdir -p "$work"/{logs,pids,home/.config/containers,scratch}
  : >"$work/pids/order"
  export HOME=$work/home XDG_RUNTIME_DIR=$work/scratch XDG_CONFIG_HOME=$work/home/.config TMPDIR=$work/scratch
  export DOCKER_CONFIG=$work/home/.docker DOCKER_HOST=unix://$work/docker.sock DOCKER_BUILDKIT=0
  unset DOCKER_CONTEXT DOCKER_TLS_VERIFY REGISTRY_AUTH_FILE http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
  # podman reads docker's credentials too, and with DOCKER_CONFIG set it insists on the file.
  mkdir -p "$DOCKER_CONFIG"
  echo '{}' >"$DOCKER_CONFIG/config.json"
  configure_containers_tools
}

# In our own mount namespace only: an empty folder over each one that a daemon or client uses unasked, such as
# containers' cache of where it saw which blob.
hide_the_hosts_own() {
  [[ -n ${CLIENTS_INSIDE:-} ]] || return 0
  local folder
  for folder in /var/lib/containers /var/lib/docker /var/lib/containerd /run/docker /run/containerd /run/containers; do
    if [[ -d $folder ]]; then mount -t tmpfs -o size=64m shoal-clients "$folder"; fi
  done
}

# podman, buildah and skopeo: their storage below $work, no signature policy, no locks in /dev/shm.
configure_containers_tools() {
  local folder=$work/home/.config/containers
  export CONTAINERS_CONF=$folder/containers.conf CONTAINERS_STORAGE_CONF=$folder/storage.conf
  export CONTAINERS_REGISTRIES_CONF=$folder/registries.conf BUILDAH_ISOLATION=chroot
  echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$folder/policy.json"
  echo 'unqualified-search-registries = []' >"$folder/registries.conf"
  cat >"$CONTAINERS_CONF" <<TOML
[engine]
lock_type = "file"
events_logger = "none"
cgroup_manager = "cgroupfs"
tmp_dir = "$work/scratch/libpod"
static_dir = "$work/podman/libpod"
volume_path = "$work/podman/volumes"
[network]
network_config_dir = "$work/podman/networks"
TOML
  cat >"$CONTAINERS_STORAGE_CONF" <<TOML
[storage]
driver = "vfs"
graphroot = "$work/podman/storage"
runroot = "$work/podman/run"
TOML
}

# spawn NAME COMMAND…: runs it in the background. Its pid, and later its exit status, are files, so that a
# test, which runs in a subshell, can stop and start it as well as the clean-up can.
spawn() {
  local name=$1
  shift
  # Else those who wait for its pid would have that of the one before.
  rm -f "$work/pids/$name" "$work/pids/$name.status"
  (
    # A terminal's interrupt is for us: the clean-up ends the process in its own order.
    trap '' INT
    "$@" >>"$work/logs/$name" 2>&1 &
    echo "$!" >"$work/pids/$name"
    status=0
    wait "$!" || status=$?
    echo "$status" >"$work/pids/$name.status"
  ) &
  echo "$name" >>"$work/pids/order"
  wait_until 60 test -s "$work/pids/$name"
}

is_running() { [[ -s $work/pids/$1 && ! -e $work/pids/$1.status ]]; }

# stop NAME [SECONDS]: asks, waits that long, then kills. Fails when it had to kill.
stop() {
  local name=$1 seconds=${2:-60} pid
  is_running "$name" || return 0
  pid=$(<"$work/pids/$name")
  kill -TERM "$pid" 2>/dev/null || true
  wait_until "$seconds" test -s "$work/pids/$name.status" && return 0
  kill -KILL "$pid" 2>/dev/null || true
  wait_until 60 test -s "$work/pids/$name.status" || true
  return 1
}

# wait_until SECONDS COMMAND…: polls, bounded: twenty times for each second, however long the command takes.
wait_until() {
  local tries=$(($1 * 20))
  shift
  while ! "$@" >/dev/null 2>&1; do
    ((tries-- > 0)) || return 1
    sleep 0.05
  done
}

clean_up() {
  local status=$? name target
  trap '' INT TERM HUP
  set +e
  if [[ -n $running_test ]]; then
    kill -KILL "$running_test"
    wait "$running_test" 2>/dev/null
  fi
  # The youngest first: dockerd before the containerd that it uses.
  while read -r name; do stop "$name"; done < <(tac "$work/pids/order")
  # The deepest first. /proc/mounts writes a space as \040; our folder has none.
  while read -r target; do umount -l "$target"; done \
    < <(awk -v at="$work/" 'index($2, at) == 1 { print $2 }' /proc/mounts | sort -r)
  if [[ -n ${KEEP:-} ]]; then
    echo "kept: $work"
  else
    # Debian's runtimes mark some folders immutable or unreadable; a second look shows what stayed.
    rm -rf --one-file-system "$work" || echo "could not remove all of $work" >&2
  fi
  exit "$status"
}

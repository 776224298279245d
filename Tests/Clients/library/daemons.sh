# A dockerd and a containerd of our own, with nothing in common with the host's.
# shellcheck shell=bash

# start_daemons_for TEST…: only what those need. Why one is missing is kept for its tests' skips.
start_daemons_for() {
  local wanted=" $*"
  local in_fleet=''
  if [[ $wanted == *' fleet-'*clients* || $wanted == *' swarm-docker-'* ]]; then in_fleet=yes; fi
  if [[ $wanted == *' docker-'* || $wanted == *' containerd-'* || -n $in_fleet ]]; then start_containerd; fi
  if [[ $wanted == *' docker-'* ]]; then start_dockerd; fi
  if [[ $wanted == *' torrents-'* ]]; then start_swarm; fi
  if [[ $wanted == *' fleet-'* || $wanted == *' swarm-'* ]]; then start_fleet_network; fi
  if [[ -n $in_fleet ]]; then start_fleet_dockerd; fi
}

start_containerd() {
  containerd_socket=$work/containerd.sock containerd_missing=''
  if ((EUID != 0)); then containerd_missing='containerd needs root'; return; fi
  if ! command -v containerd >/dev/null; then containerd_missing='containerd is not installed'; return; fi
  cat >"$work/containerd.toml" <<TOML
version = 2
root = "$work/containerd"
state = "$work/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$containerd_socket"
[plugins."io.containerd.internal.v1.opt"]
  path = "$work/containerd-opt"
TOML
  spawn containerd containerd --config "$work/containerd.toml"
  wait_until 120 ctr --address "$containerd_socket" version || containerd_missing='containerd does not start here'
}

start_dockerd() {
  docker_missing=$containerd_missing
  if ! command -v dockerd >/dev/null; then docker_missing='dockerd is not installed'; fi
  [[ -z $docker_missing ]] || return 0
  # No bridge, no firewall rules, no forwarding: the host's network stays as it is. The empty configuration
  # file keeps /etc/docker/daemon.json out, and our containerd keeps /run/containerd out.
  echo '{}' >"$work/dockerd.json"
  spawn dockerd dockerd --config-file "$work/dockerd.json" --data-root "$work/docker" \
    --exec-root "$work/docker-exec" --pidfile "$work/docker.pid" --host "unix://$work/docker.sock" \
    --containerd "$containerd_socket" --iptables=false --ip6tables=false --bridge=none \
    --ip-forward=false --ip-masq=false
  wait_until 120 docker version || docker_missing='dockerd does not start here'
}

need_docker() { [[ -z ${docker_missing:-} ]] || skip "$docker_missing"; }
need_containerd() { [[ -z ${containerd_missing:-} ]] || skip "$containerd_missing"; }

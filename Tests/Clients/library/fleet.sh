# Fleets of real nodes: each in a network namespace of its own with an address of its own, on one of two bridges that
# a cable joins. Without the cable the fleet is in two halves.
# shellcheck shell=bash

# The registry and the fleet's port of every node.
fleet_registry_port=5000 fleet_port=6001
# From 10.89.0.1 on.
fleet_names=(a b c d e f g h)
fleet_clients=10.89.0.100

start_fleet_network() {
  fleet_missing=''
  if ((EUID != 0)); then fleet_missing='network namespaces need root'; return; fi
  if ! command -v ip >/dev/null; then fleet_missing='iproute2 is not installed'; return; fi
  if ! spawn_namespace fleet-switch || ! make_bridges; then fleet_missing='bridges cannot be made here'; return; fi
  local name number=0
  for name in "${fleet_names[@]}"; do
    number=$((number + 1))
    plug "$name" "10.89.0.$number" "$( ((number % 2)) && echo east || echo west)" || return
  done
  plug clients "$fleet_clients" east
}

need_fleet() {
  [[ -z ${fleet_missing:-} ]] || skip "$fleet_missing"
  [[ -n ${shoal:-} ]] || skip 'there is no binary to start nodes of'
}

make_bridges() {
  local bridge
  for bridge in east west; do
    inside fleet-switch ip link add "$bridge" type bridge && inside fleet-switch ip link set "$bridge" up || return
  done
  inside fleet-switch ip link add cable-east type veth peer name cable-west \
    && inside fleet-switch ip link set cable-east master east && inside fleet-switch ip link set cable-west master west \
    && join_halves
}

# a, c, e, g and the clients are east, the others west.
cut_halves() { inside fleet-switch ip link set cable-east down; }
join_halves() { inside fleet-switch ip link set cable-east up && inside fleet-switch ip link set cable-west up; }

# plug NAME ADDRESS BRIDGE: a namespace fleet-NAME with that address on that bridge.
plug() {
  spawn_namespace "fleet-$1" || { fleet_missing='network namespaces cannot be made here'; return 1; }
  if ip link add wire netns "$(namespace "fleet-$1")" type veth peer name "port-$1" netns "$(namespace fleet-switch)" \
    && inside "fleet-$1" ip address add "$2/24" dev wire && inside "fleet-$1" ip link set wire up \
    && inside fleet-switch ip link set "port-$1" master "$3" && inside fleet-switch ip link set "port-$1" up; then return; fi
  fleet_missing='veth pairs cannot be made here'
  return 1
}

# address NAME: of the node. NAME may be a node that was moved by `move_node`.
address() {
  local number=0 name
  for name in "${fleet_names[@]}"; do
    number=$((number + 1))
    if [[ $name == "$1" ]]; then echo "10.89.0.$number"; return; fi
  done
  fail "there is no place for a node $1"
}

# --- Nodes

# start_node NAME [VARIABLE=VALUE]…: a node with its data in ./NAME, in its own namespace; also again after it ended.
# With PLACE=OTHER before it, in the namespace and at the address of OTHER.
start_node() {
  local name=$1 place=${PLACE:-$1}
  shift
  spawn "fleet-node-$name" env SHOAL_TORRENT_DHT=false SHOAL_FLEET_NAME="$name" "$@" \
    nsenter --net="/proc/$(namespace "fleet-$place")/ns/net" -- "$shoal" serve --data "$PWD/$name" --insecure \
    --listen "$(address "$place"):$fleet_registry_port" --fleet-listen "$(address "$place"):$fleet_port"
  echo "$place" >"$PWD/$name.place"
  wait_until 60 node_answers "$name" || fail "the node $name does not answer: $(tail -n 5 "$(log_of "$name")")"
}

node_answers() { is_running "fleet-node-$1" && on "$1" answers_itself; }
answers_itself() { http -f -o /dev/null "http://$registry/readyz"; }

log_of() { echo "$work/logs/fleet-node-$1"; }
stop_node() { stop "fleet-node-$1" || fail "the node $1 had to be killed"; }

kill_node() {
  kill -KILL "$(<"$work/pids/fleet-node-$1")"
  wait_until 60 test -s "$work/pids/fleet-node-$1.status"
}

# new_fleet NAME…: the first founds it, the others are let in by it. Whatever an earlier test left running ends.
new_fleet() {
  need_fleet
  end_fleets
  local name
  for name in "$@"; do start_node "$name"; done
  fleet "$1" init
  for name in "${@:2}"; do let_in "$1" "$name"; done
}

end_fleets() {
  local pid
  join_halves
  unshape_all
  for pid in "$work"/pids/fleet-node-*; do
    [[ $pid == *.status || ! -e $pid ]] || stop "$(basename "$pid")" 5 || true
  done
  rm -f "$work"/logs/fleet-node-*
}

# let_in ISSUER NEWCOMER
let_in() { fleet "$1" invite 2>/dev/null | fleet "$2" join -; }

# fleet NAME COMMAND…: shoal fleet COMMAND, said to that node.
fleet() {
  local name=$1
  shift
  limited "$shoal" fleet "$@" --data "$PWD/$name"
}

# on NAME COMMAND…: with that node as $registry, asked from its own namespace, so that a cut cable cuts nobody off it.
on() {
  local place registry way
  place=$(<"$PWD/$1.place")
  registry=$(address "$place"):$fleet_registry_port
  # shellcheck disable=SC2034 # `http` reads it
  way=(nsenter --net="/proc/$(namespace "fleet-$place")/ns/net" --)
  "${@:2}"
}

# --- Images

# push_small NAME REPOSITORY:TAG TEXT: an image whose one layer is TEXT. Prints its digest.
push_small() { on "$1" push_text "${2%:*}" "${2##*:}" "$3"; }

push_text() {
  local file
  file=$(mktemp "$PWD/small.XXXXXX")
  printf '{}' >"$file.config"
  printf '%s' "$3" >"$file.layer"
  put_blob "$1" "$file.config" >/dev/null
  put_blob "$1" "$file.layer" >/dev/null
  jq -nc --argjson config "$(descriptor "$file.config" application/vnd.oci.image.config.v1+json)" \
    --argjson layer "$(descriptor "$file.layer" application/vnd.oci.image.layer.v1.tar)" \
    '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: [$layer]}' >"$file"
  expect_equal 201 "$(put_manifest "$1" "$2" "$file" application/vnd.oci.image.manifest.v1+json)" "status of a manifest's PUT"
  file_digest "$file"
}

# delete NAME REPOSITORY REFERENCE
delete() { expect_equal 202 "$(on "$1" delete_status "$2" "$3")" "status of a DELETE"; }
delete_status() { status_of -X DELETE "http://$registry/v2/$1/manifests/$2"; }

# tag_digest NAME REPOSITORY:TAG: what the node says the tag stands for; nothing when it says that there is none.
tag_digest() { on "$1" header_of Docker-Content-Digest -I "${accept_all[@]}" "http://$(address_of "$1")/v2/${2%:*}/manifests/${2##*:}"; }
address_of() { echo "$(address "$(<"$PWD/$1.place")"):$fleet_registry_port"; }

has_tag() { [[ $(tag_digest "$1" "$2") == "$3" ]]; }
manifest_status() { status_of "${accept_all[@]}" "http://$registry/v2/$1/manifests/$2"; }

# expect_tag SECONDS REPOSITORY:TAG DIGEST NAME…: each of the nodes says so within that time.
expect_tag() {
  local seconds=$1 tag=$2 digest=$3 name
  for name in "${@:4}"; do
    wait_until "$seconds" has_tag "$name" "$tag" "$digest" || fail "$name says $tag is '$(tag_digest "$name" "$tag")', not $digest"
  done
}

# expect_no_manifest SECONDS REPOSITORY REFERENCE NAME…
expect_no_manifest() {
  local name
  for name in "${@:4}"; do
    wait_until "$1" manifest_is_gone "$name" "$2" "$3" || fail "$name still has $3 of $2"
  done
}

manifest_is_gone() { [[ $(on "$1" manifest_status "$2" "$3") == 404 ]]; }

# names_of NAME: a line for each tag, with what it stands for.
names_of() { on "$1" list_names; }
list_names() {
  local repository tag
  for repository in $(http -f "http://$registry/v2/_catalog?n=1000" | jq -r '.repositories[]'); do
    for tag in $(http -f "http://$registry/v2/$repository/tags/list" | jq -r '.tags[]?'); do
      echo "$repository:$tag $(header_of Docker-Content-Digest -I "${accept_all[@]}" "http://$registry/v2/$repository/manifests/$tag")"
    done
  done
}

# expect_agreement SECONDS NAME…: all of them list the same names within that time.
expect_agreement() {
  wait_until "$1" agree "${@:2}" || fail "they do not agree after $1 s: $(for name in "${@:2}"; do echo "== $name"; names_of "$name"; done)"
}

agree() {
  local name first
  first=$(names_of "$1")
  for name in "${@:2}"; do [[ $(names_of "$name") == "$first" ]] || return 1; done
}

# --- Clients in the fleet's network

from_clients() { nsenter --net="/proc/$(namespace fleet-clients)/ns/net" -- "$@"; }

# A dockerd that stands among the nodes, beside the one of the other tests.
start_fleet_dockerd() {
  fleet_docker_missing=$containerd_missing
  if ! command -v dockerd >/dev/null; then fleet_docker_missing='dockerd is not installed'; fi
  [[ -z $fleet_docker_missing && -z $fleet_missing ]] || return 0
  mkdir -p "$work/fleet-docker"
  echo '{}' >"$work/fleet-docker/dockerd.json"
  spawn fleet-dockerd nsenter --net="/proc/$(namespace fleet-clients)/ns/net" -- dockerd \
    --config-file "$work/fleet-docker/dockerd.json" --data-root "$work/fleet-docker/data" --exec-root "$work/fleet-docker/exec" \
    --pidfile "$work/fleet-docker/pid" --host "unix://$work/fleet-docker/socket" --containerd "$containerd_socket" \
    --containerd-namespace fleet --containerd-plugins-namespace fleet-plugins \
    --insecure-registry 10.89.0.0/24 --iptables=false --ip6tables=false --bridge=none --ip-forward=false --ip-masq=false
  wait_until 120 fleet_docker version || fleet_docker_missing='dockerd does not start here'
}

fleet_docker() { limited docker --host "unix://$work/fleet-docker/socket" "$@"; }
need_fleet_docker() { [[ -z ${fleet_docker_missing:-} ]] || skip "$fleet_docker_missing"; }

# The fleet's network with lines as slow as real ones, so that who sends what to whom can be counted and cut; and clients
# that pull one blob beside many nodes at once.
# shellcheck shell=bash

# A herd: the first is pushed to. Its star of five pulls would take five times as long.
# shellcheck disable=SC2034 # tests read it
herd_names=(a b c d e f)
herd_mbit=25 herd_mebibytes=16
# A client gives up then.
pull_seconds=150

# new_herd NAME…: a fleet of these on shaped lines, and none of them elsewhere.
new_herd() {
  need tc
  new_fleet "$@"
  shape "$herd_mbit" "$@"
  watch_machine
}

# shape MBIT NAME…: so much each way from now on.
shape() {
  local mbit=$1 name
  for name in "${@:2}"; do
    if ! set_rate "fleet-$name" wire "$mbit" || ! set_rate fleet-switch "port-$name" "$mbit"; then skip 'lines cannot be shaped here'; fi
  done
}

set_rate() { inside "$1" tc qdisc replace dev "$2" root tbf rate "$3mbit" burst 32kb latency 50ms; }

# As the other tests know the network.
unshape_all() {
  local name
  for name in cable-east cable-west; do inside fleet-switch tc qdisc del dev "$name" root 2>/dev/null || true; done
  for name in "${fleet_names[@]}"; do
    inside "fleet-$name" tc qdisc del dev wire root 2>/dev/null || true
    inside fleet-switch tc qdisc del dev "port-$name" root 2>/dev/null || true
    inside fleet-switch ip link set "port-$name" up
  done
}

# black_hole NAME: nothing reaches it or comes from it, and nobody is told.
black_hole() { inside fleet-switch ip link set "port-$1" down; }

# bytes_sent NAME, bytes_received NAME: over its line since it was plugged in, as the switch counts them.
bytes_sent() { port_counter "$1" 2; }
bytes_received() { port_counter "$1" 10; }
port_counter() { inside fleet-switch cat /proc/net/dev | tr ':' ' ' | awk -v port="port-$1" -v field="$2" '$1 == port { print $field }'; }

# push_layer NAME REPOSITORY:TAG [MEBIBYTES]: an image whose one layer has a random file, and whose bytes stay in ./layer.
# Sets $layer, $layer_bytes and $image_id.
push_layer() {
  head -c "$((${3:-$herd_mebibytes} << 20))" /dev/urandom >random
  tar --create --file layer --owner 0 --group 0 random
  layer=$(file_digest layer)
  layer_bytes=$(stat -c %s layer)
  on "$1" put_layer_image "${2%:*}" "${2##*:}"
  image_id=$(file_digest layer.config)
}

put_layer_image() {
  jq -nc --arg layer "$layer" '{architecture: "amd64", os: "linux", config: {}, rootfs: {type: "layers", diff_ids: [$layer]}}' >layer.config
  put_blob "$1" layer.config >/dev/null
  put_blob "$1" layer >/dev/null
  jq -nc --argjson config "$(descriptor layer.config application/vnd.oci.image.config.v1+json)" \
    --argjson layer "$(descriptor layer application/vnd.oci.image.layer.v1.tar)" \
    '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: [$layer]}' >layer.manifest
  expect_equal 201 "$(put_manifest "$1" "$2" layer.manifest application/vnd.oci.image.manifest.v1+json)" "status of a manifest's PUT"
}

# expect_known REPOSITORY:TAG NAME…: as docker asks before it asks for a layer.
expect_known() {
  local tag=$1 name
  for name in "${@:2}"; do wait_until 60 knows "$name" "$tag" || fail "$name does not know $tag"; done
}

knows() { [[ $(on "$1" manifest_status "${2%:*}" "${2##*:}") == 200 ]]; }

# --- Clients, each beside a node

declare -A pullers=()

# begin_pull CLIENT NAME REPOSITORY [CURL-ARGUMENT]…: pulls $layer from that node into ./pulled-CLIENT, in the background.
begin_pull() {
  local client=$1
  : >"pulled-$client"
  on "$2" pull_layer "$client" "${@:3}" &
  pullers[$client]=$!
}

pull_layer() {
  # In place of this shell, so that who stops the client stops it.
  exec "${way[@]}" curl -sS -f --max-time "$pull_seconds" -o "pulled-$1" "${@:3}" "http://$registry/v2/$2/blobs/$layer" 2>"pulled-$1.errors"
}

# finish_pulls CLIENT…: each ended well, and has the bytes.
finish_pulls() {
  local client
  for client in "$@"; do
    wait "${pullers[$client]}" || fail "the client $client failed after $(pulled "$client") of $layer_bytes bytes: $(<"pulled-$client.errors")"
    expect_equal "$layer" "$(file_digest "pulled-$client")" "digest of what the client $client pulled"
  done
}

pulled() { stat -c %s "pulled-$1"; }
has_pulled() { (($(pulled "$1") >= $2)); }

# wait_for_half CLIENT
wait_for_half() { wait_until "$pull_seconds" has_pulled "$1" "$((layer_bytes / 2))" || fail "the client $1 has $(pulled "$1") of $layer_bytes bytes"; }

# --- The machine

# watch_machine: until the test's folder goes.
watch_machine() {
  echo 0 >pauses
  /usr/bin/python3 "$here/library/pauses.py" pauses &
}

# forget_pauses: what was before says nothing of what is measured now.
forget_pauses() {
  : >pauses.forget
  wait_until 60 pauses_are_forgotten || fail 'nobody watches the machine'
}

pauses_are_forgotten() { [[ ! -e pauses.forget ]]; }

# stood_still: the machine did meanwhile, for so long that members take each other for silent and ask the next one for the same.
# How much was sent then says nothing of them.
stood_still() {
  local milliseconds
  milliseconds=$(<pauses)
  ((${milliseconds:-0} >= 700)) && echo "not judged: the machine stood still for $((milliseconds)) ms"
}

# --- Who sends

declare -A sent_before=()

note_traffic() {
  local name
  forget_pauses
  for name in "$@"; do sent_before[$name]=$(bytes_sent "$name"); done
}

sent_since() { echo "$(($(bytes_sent "$1") - sent_before[$1]))"; }

# busiest NAME…: who of them has sent the most since `note_traffic`.
busiest() {
  local name most=-1 found='' sent
  for name in "$@"; do
    sent=$(sent_since "$name")
    if ((sent > most)); then most=$sent found=$name; fi
  done
  echo "$found"
}

# expect_copies NAME MOST: so many times the layer, in hundredths, all headers among it.
expect_copies() {
  local hundredths=$((100 * $(sent_since "$1") / layer_bytes))
  echo "$1 sent $hundredths hundredths of the layer"
  ((hundredths < $2)) || stood_still || fail "$1 sent $hundredths hundredths of the layer, not less than $2"
}

# --- Sites

# Of the cable between them, each way.
# shellcheck disable=SC2034 # tests read it
cable_mbit=20

# new_sites NAME…: a fleet of these, of two sites: east and west of the cable, which is slow.
new_sites() {
  need tc
  need_fleet
  end_fleets
  local name
  for name in "$@"; do start_node "$name" SHOAL_FLEET_ZONE="$(site_of "$name")/rack"; done
  fleet "$1" init
  for name in "${@:2}"; do let_in "$1" "$name"; done
  for name in "$@"; do
    wait_until 60 knows_zones "$name" "$#" || fail "$name does not know where all stand: $(fleet "$name" ls)"
  done
  if ! set_rate fleet-switch cable-east "$cable_mbit" || ! set_rate fleet-switch cable-west "$cable_mbit"; then
    skip 'lines cannot be shaped here'
  fi
  watch_machine
}

site_of() { case $1 in a | c | e | g) echo east ;; *) echo west ;; esac }
knows_zones() { (($(fleet "$1" ls --json | jq '[.members[] | select(.zone)] | length') == $2)); }

# elected NODE NAME…: who of these is to bring $layer to their site, by rank, as each node works it out alone. NODE knows
# their identifiers.
elected() {
  fleet "$1" ls --json | /usr/bin/python3 "$here/library/rank.py" "$layer" "${@:2}"
}

# Bytes that the cable has carried west, all headers among them.
crossed() { inside fleet-switch cat /proc/net/dev | tr ':' ' ' | awk '$1 == "cable-east" { print $10 }'; }

# expect_crossed BEFORE MOST: so many times the layer since then, in hundredths.
expect_crossed() {
  local hundredths=$((100 * ($(crossed) - $1) / layer_bytes))
  echo "$hundredths hundredths of the layer crossed the cable"
  ((hundredths < $2)) || stood_still || fail "$hundredths hundredths of the layer crossed the cable, not less than $2"
}

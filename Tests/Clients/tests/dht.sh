# Who seeds is found through the DHT alone: no tracker, no web seed, no address.
# shellcheck shell=bash

# dht_node NAME NAMESPACE ADDRESS HTTP_PORT PEER_PORT ENTRANCE: a node of its own in that namespace, public.
dht_node() {
  local name=$1 space=$2 address=$3
  mkdir -p "$name"
  spawn "$name" env SHOAL_TORRENT_PUBLIC='**' SHOAL_TORRENT_LISTEN="$address:$5" SHOAL_TORRENT_DHT_NODES="$6" \
    nsenter --net="/proc/$(namespace "$space")/ns/net" -- \
    "$shoal" serve --data "$PWD/$name" --listen "$address:$4" --insecure
  wait_until 20 inside "$space" curl -fsS --max-time 2 -o /dev/null "http://$address:$4/v2/" || fail "$name does not answer"
}

test_dht_finds_a_seed_without_tracker_and_address() {
  need aria2c && need_swarm
  local entrance=$client_address:6991
  dht_node entrance clients "$client_address" 5101 6991 127.0.0.1:1
  dht_node seeder seed "$seed_address" 5102 6992 "$entrance"
  dht_node seeker clients "$client_address" 5103 6993 "$entrance"
  head -c 3000001 /dev/urandom >layer
  layer=$(file_digest layer)
  limited /usr/bin/python3 "$here/library/one_layer.py" layer layout
  inside seed skopeo copy --preserve-digests --dest-tls-verify=false oci:layout:1 "docker://$seed_address:5102/open/dht:1"
  limited "$shoal" torrent start open/dht:1 --data seeder
  local magnet
  magnet=$(limited "$shoal" magnet open/dht:1 --data seeder --json \
    | jq -re --arg digest "$layer" '.[] | select(.digest == $digest).magnet' | sed -E 's/&(tr|ws|x\.pe)=[^&]*//g')
  expect_equal 0 "$(grep -cE '&(tr|ws|x\.pe)=' <<<"$magnet")" "trackers, web seeds and peers in the link"

  limited "$shoal" blob fetch "$magnet" --digest "$layer" --into found --data seeker \
    || fail "a node did not find the seed through the DHT"
  limited nsenter --net="/proc/$(namespace clients)/ns/net" -- aria2c --no-conf --dir=down --seed-time=0 --enable-dht=true \
    --enable-dht6=false --dht-listen-port=6995 --dht-file-path="$PWD/aria.dht" --dht-entry-point="$entrance" \
    --bt-enable-lpd=false --enable-peer-exchange=false --summary-interval=0 --bt-stop-timeout=100 "$magnet"
  expect_equal "$layer" "$(file_digest "down/${layer#sha256:}")" "digest of what aria2 fetched"
  stop seeker && stop seeder && stop entrance
}

# Ordinary BitTorrent clients, each in a network namespace: aria2 1.36, qBittorrent 4.5 and transmission 3.00.
# shellcheck shell=bash

client() { nsenter --net="/proc/$(namespace clients)/ns/net" -- "$@"; }

# aria2 FOLDER ARGUMENT…: no discovery but the torrent's own; ends when the file is whole.
aria2() {
  local folder=$1
  shift
  limited nsenter --net="/proc/$(namespace clients)/ns/net" -- aria2c --no-conf --dir="$folder" --seed-time=0 --enable-dht=false \
    --enable-dht6=false --bt-enable-lpd=false --enable-peer-exchange=false --summary-interval=0 --bt-stop-timeout=240 "$@"
}

# qbittorrent NAME ARGUMENT: starts it with a profile of its own, to fetch into NAME/down.
qbittorrent() {
  local folder=$PWD/$1 port=${3:-8099}
  mkdir -p "$folder/qBittorrent/config" "$folder/down"
  cat >"$folder/qBittorrent/config/qBittorrent.conf" <<INI
[LegalNotice]
Accepted=true
[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\Port=$port
WebUI\\LocalHostAuth=false
[BitTorrent]
Session\\DefaultSavePath=$folder/down
Session\\Port=6882
Session\\InterfaceAddress=$client_address
Session\\DHTEnabled=false
Session\\LSDEnabled=false
Session\\PeXEnabled=false
INI
  spawn "qbittorrent-$1" nsenter --net="/proc/$(namespace clients)/ns/net" -- \
    qbittorrent-nox --profile="$folder" --skip-dialog=true --add-paused=false "$2"
}

# seedless_torrent_of REPOSITORY DIGEST FILE VERSION: without the web seed, so that peers alone have the bytes.
seedless_torrent_of() {
  torrent_of "$@"
  without_web_seed "$3"
}

without_web_seed() { limited /usr/bin/python3 "$here/library/torrent_part.py" without-web-seed "$1"; }
without_trackers() { limited /usr/bin/python3 "$here/library/torrent_part.py" without-trackers "$1"; }

# sent_to_peers DIGEST: bytes of it that went out by BitTorrent and not by HTTP.
sent_to_peers() { ask torrent ls --json | jq --arg digest "$1" '[.[] | select(.digest == $digest).live[].uploadedBytes] | add // 0'; }

# expect_peers_had SIZE DIGEST: the client got that much from the node as a peer.
expect_peers_had() {
  wait_until 30 peers_had "$@" || fail "the node sent $(sent_to_peers "$2") bytes of $2 to peers, not $1: the rest came another way"
}

peers_had() { (($(sent_to_peers "$2") >= $1)); }

test_torrents_aria2_fetches_by_v1_file() {
  need aria2c && need_swarm
  push_image open/aria-file:1 5
  seedless_torrent_of open/aria-file "$layer" layer.torrent 1
  aria2 down layer.torrent
  expect_peers_had "$(stat -c %s "down/${layer#sha256:}")" "$layer"
  expect_equal "$layer" "$(file_digest "down/${layer#sha256:}")" "digest of what aria2 fetched"
}

test_torrents_aria2_fetches_by_v1_magnet() {
  need aria2c && need_swarm
  push_image open/aria-magnet:1 5
  local magnet
  magnet=$(magnet_of open/aria-magnet:1 "$layer")
  aria2 down "${magnet%%&ws=*}"
  expect_peers_had "$(stat -c %s "down/${layer#sha256:}")" "$layer"
  expect_equal "$layer" "$(file_digest "down/${layer#sha256:}")" "digest of what aria2 fetched"
}

test_torrents_aria2_fetches_from_the_web_seed_alone() {
  need aria2c && need_swarm
  push_image open/aria-web:1 5
  torrent_of open/aria-web "$layer" layer.torrent 1
  without_trackers layer.torrent
  aria2 down layer.torrent
  expect_equal "$layer" "$(file_digest "down/${layer#sha256:}")" "digest of what aria2 fetched"
  expect_equal 0 "$(sent_to_peers "$layer")" "bytes that went to peers"
}

test_torrents_qbittorrent_fetches_from_the_web_seed_alone() {
  need qbittorrent-nox && need_swarm
  push_image open/qb-web:1 5
  torrent_of open/qb-web "$layer" layer.torrent 2
  without_trackers layer.torrent
  qbittorrent web "$PWD/layer.torrent"
  wait_for_file 180 "web/down/${layer#sha256:}" "$layer"
  expect_equal 0 "$(sent_to_peers "$layer")" "bytes that went to peers"
  stop qbittorrent-web 15 || true
}

test_torrents_qbittorrent_fetches_by_v2_file() {
  need qbittorrent-nox && need_swarm
  push_image open/qb-file:1 5
  seedless_torrent_of open/qb-file "$layer" layer.torrent 2
  qbittorrent file "$PWD/layer.torrent"
  wait_for_file 180 "file/down/${layer#sha256:}" "$layer"
  expect_peers_had "$(stat -c %s "file/down/${layer#sha256:}")" "$layer"
  stop qbittorrent-file 15 || true
}

test_torrents_qbittorrent_fetches_by_v2_magnet() {
  need qbittorrent-nox && need_swarm
  push_image open/qb-magnet:1 5
  local magnet
  magnet=$(magnet_of open/qb-magnet:1 "$layer" --v2)
  qbittorrent magnet "${magnet%%&ws=*}"
  wait_for_file 180 "magnet/down/${layer#sha256:}" "$layer"
  expect_peers_had "$(stat -c %s "magnet/down/${layer#sha256:}")" "$layer"
  stop qbittorrent-magnet 15 || true
}

# It speaks uTP first and finds its peers by the tracker: three images beside each other, since one worked by luck before.
test_torrents_transmission_fetches_three_images() {
  need transmission-cli && need_swarm
  local round layers=('')
  for round in 1 2 3; do
    push_image "open/transmission-$round:1" 5
    layers+=("$layer")
    seedless_torrent_of "open/transmission-$round" "$layer" "layer-$round.torrent" 1
    mkdir "down-$round"
  done
  for round in 1 2 3; do
    spawn "transmission-$round" nsenter --net="/proc/$(namespace clients)/ns/net" -- \
      transmission-cli --config-dir "$PWD/config-$round" --download-dir "$PWD/down-$round" --port "$((51412 + round))" \
      "layer-$round.torrent"
  done
  for round in 1 2 3; do
    layer=${layers[round]}
    wait_for_file 300 "down-$round/${layer#sha256:}" "$layer"
    expect_peers_had "$(stat -c %s "down-$round/${layer#sha256:}")" "$layer"
    stop "transmission-$round" 15 || true
  done
}

# make_torrent FILE TORRENT: by somebody else's hand, for a client that seeds it.
make_torrent() { limited /usr/bin/python3 "$here/library/foreign_torrent.py" "$@"; }

test_torrents_node_fetches_from_aria2() {
  need aria2c && need_swarm
  mkdir up
  head -c 3000001 /dev/urandom >up/content
  local digest
  digest=$(file_digest up/content)
  make_torrent v1 up/content content.torrent
  spawn aria2-seed nsenter --net="/proc/$(namespace clients)/ns/net" -- \
    aria2c --no-conf --dir="$PWD/up" --seed-ratio=0 --check-integrity=true --enable-dht=false --bt-enable-lpd=false \
    --listen-port=6890 --summary-interval=0 content.torrent
  ask "blob" fetch content.torrent --digest "$digest" --into fetched/from-aria2 --peer "$client_address:6890"
  expect_equal "$digest" "$(inside seed curl -fsS "http://$swarm_registry/v2/fetched/from-aria2/blobs/$digest" | file_digest -)" "digest of the blob"
  # What was fetched into a private repository is not seeded to strangers.
  expect_refusal torrent_of fetched/from-aria2 "$digest" private.torrent 1
  stop aria2-seed 15 || true
}

test_torrents_node_fetches_by_a_magnet_from_qbittorrent() {
  need qbittorrent-nox && need_swarm
  mkdir -p seed/down
  head -c 3000001 /dev/urandom >seed/down/content
  local digest magnet
  digest=$(file_digest seed/down/content)
  magnet=$(make_torrent v2 seed/down/content content.torrent)
  qbittorrent seed "$PWD/content.torrent"
  ask "blob" fetch "$magnet" --digest "$digest" --into fetched/from-qbittorrent --peer "$client_address:6882"
  expect_equal "$digest" "$(inside seed curl -fsS "http://$swarm_registry/v2/fetched/from-qbittorrent/blobs/$digest" | file_digest -)" "digest of the blob"
  stop qbittorrent-seed 15 || true
}

# The bytes of the torrent are not those of the digest: refused, and nothing stays.
test_torrents_node_refuses_bytes_of_another_digest() {
  need aria2c && need_swarm
  mkdir up
  head -c 2000000 /dev/urandom >up/content
  local digest
  digest=$(printf 'something else' | file_digest -)
  make_torrent v1 up/content content.torrent
  spawn aria2-false nsenter --net="/proc/$(namespace clients)/ns/net" -- \
    aria2c --no-conf --dir="$PWD/up" --seed-ratio=0 --check-integrity=true --enable-dht=false --bt-enable-lpd=false \
    --listen-port=6891 --summary-interval=0 content.torrent
  expect_refusal ask "blob" fetch content.torrent --digest "$digest" --into fetched/false --peer "$client_address:6891" 2>refusal
  expect_contains "$(<refusal)" "the bytes that arrived have the digest"
  expect_contains "$(<refusal)" "$digest"
  expect_equal 404 "$(inside seed curl -sS -o /dev/null -w '%{http_code}' "http://$swarm_registry/v2/fetched/false/blobs/$digest")" "status"
  expect_equal '' "$(find "$swarm_data/staging/fetch" -type f)" "what stayed behind"
  stop aria2-false 15 || true
}

test_torrents_private_image_has_no_magnet() {
  need_swarm
  push_image secret/app:1 1
  if ask magnet "$swarm_registry/secret/app:1" >out 2>err; then fail "a private image has a magnet: $(<out)"; fi
  expect_contains "$(<err)" torrent.public
  expect_refusal torrent_of secret/app "$layer" secret.torrent 1
  inside clients curl -sSI "http://$swarm_registry/v2/secret/app/blobs/$layer" >head
  expect_contains "$(head -n 1 head)" ' 200 '
  expect_equal '' "$(grep -i '^link:' head)" "Link of a private blob"
}

# peer TORRENT SECONDS: a client that has the .torrent and knows where the node's public session is.
peer() { limited nsenter --net="/proc/$(namespace clients)/ns/net" -- /usr/bin/python3 "$here/library/peer.py" "$1" . "$seed_address:6881" "$2"; }

# Not even for who has its .torrent; the same client has a public one in a moment.
test_torrents_private_blob_stays_with_the_node() {
  need_swarm
  push_image secret/kept:1 1
  ask magnet "$swarm_registry/secret/kept:1" --v2 --out private --private >/dev/null
  expect_refusal ask torrent start "$layer"
  expect_refusal peer "private/${layer#sha256:}.torrent" 8
  push_image open/given:1 1
  ask torrent start "$layer"
  torrent_of open/given "$layer" open.torrent 2
  peer open.torrent 120
  expect_equal "$layer" "$(file_digest "${layer#sha256:}")" "digest of the public one"
}

test_torrents_rotten_blob_is_never_served_whole() {
  need aria2c && need_swarm
  push_image open/rotten:1 5
  torrent_of open/rotten "$layer" layer.torrent 1
  local name=${layer#sha256:} file
  file=$swarm_data/blobs/sha256/${name:0:2}/$name
  chmod u+w "$file"
  printf 'rot' | dd of="$file" bs=1 seek=2500000 conv=notrunc status=none
  if CLIENT_SECONDS=40 aria2 down --bt-stop-timeout=15 layer.torrent && [[ $(file_digest "down/$name") != "$layer" ]]; then
    fail "wrong bytes ended well"
  fi
  # Nothing was written into the store in place: what is there now, if anything, is as we left it.
  wait_until 30 test ! -e "$file" || fail "the rotten blob is still in the store"
  wait_until 30 grep -q "a blob rotted under its torrent.*$name" "$work/logs/swarm-node" || fail "the log does not say that the blob rotted"
  expect_equal 404 "$(inside seed curl -sS -o /dev/null -w '%{http_code}' "http://$swarm_registry/v2/open/rotten/blobs/$layer")" "status"
}

test_torrents_commands() {
  need_swarm
  push_image open/commands:1 1
  ask magnet "$swarm_registry/open/commands:1" --json >magnets.json
  expect_equal 3 "$(jq length magnets.json)" "manifest, config and layer"
  expect_equal '["digest","magnet","mediaType","size","torrent"]' "$(jq -c '.[0] | keys' magnets.json)" "keys"
  ask magnet "$swarm_registry/open/commands:1" --out files
  expect_equal 3 "$(find files -name '*.torrent' | wc -l)" "number of .torrent files"
  ask torrent start "$layer"
  expect_contains "$(ask torrent ls)" "${layer#sha256:}"
  expect_contains "$(ask torrent show "$layer")" "$layer"
  ask torrent verify "$layer"
  ask torrent stop "$layer"
  ask status >status
  ask status --json | jq -e . >/dev/null
}

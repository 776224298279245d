# Whoever is no member: without a certificate, with a wrong one, with a wrong invitation, or on the same machine but
# without the node's key. None of them learns whether an image exists.
# shellcheck shell=bash

readonly stranger_repository=team/secret

# --- Certificates

# papers_again NODE FOLDER OPTION…: the node's own certificate, made once more by `openssl x509` with those options.
papers_again() {
  local node=$1 folder=$2
  shift 2
  mkdir -p "$folder"
  cp "$node/node.key" "$folder/key"
  openssl x509 -x509toreq -in "$node/fleet/node.crt" -signkey "$folder/key" -copy_extensions copyall -out "$folder/request" 2>/dev/null
  openssl x509 -req -in "$folder/request" -copy_extensions copyall -out "$folder/certificate" "$@" 2>/dev/null
}

# by_fleet: the options that make the fleet's key sign.
by_fleet=(-CA a/fleet/ca.crt -CAkey a/fleet/ca.key -CAcreateserial)

# answer_to PAPERS URL CURL-ARGUMENT…: all that comes back, without the date. `no connection`, when it ended before an
# answer: with TLS 1.3 it depends on the moment which of curl's calls hears of a refusal.
answer_to() {
  local papers=$1 url=$2 as=()
  shift 2
  [[ $papers == none ]] || as=(--cert "$papers/certificate" --key "$papers/key")
  { from_clients curl -sSk -i --max-time 60 "${as[@]}" "$@" "$url" 2>&1 || true; } | tr -d '\r' \
    | sed -E '/^[Dd]ate:/d; s/^curl: \((35|52|55|56)\) .*/no connection/'
}

# expect_nothing PAPERS KNOWN UNKNOWN: on each route of the fleet's port the two digests, one of which is here, have the
# same answer, and it is a plain 404 or no answer at all.
expect_nothing() {
  local papers=$1 known=$2 unknown=$3 base route there not_there
  base=https://$(address a):$fleet_port
  for route in blob holding manifest; do
    there=$(answer_to "$papers" "$base/fleet/v1/$route/$known/$stranger_repository")
    not_there=$(answer_to "$papers" "$base/fleet/v1/$route/$unknown/$stranger_repository")
    expect_equal "$not_there" "$there" "answer to $papers on $route"
    expect_no_answer "$papers" "$there"
  done
  for route in /fleet/v1/message /v2/ /v2/_catalog /metrics /operator/v1/node /; do
    expect_no_answer "$papers" "$(answer_to "$papers" "$base$route")"
    expect_no_answer "$papers" "$(answer_to "$papers" "$base$route" --data-binary nonsense)"
  done
}

# Either a 404 without a body, or no answer.
expect_no_answer() {
  case $2 in
    'HTTP/1.1 404 '*) [[ $2 != *$'\n\n'?* ]] || fail "$1 was told: $2" ;;
    'no connection') ;;
    *) fail "$1 was told: $2" ;;
  esac
}

test_fleet_strangers_learn_nothing() {
  need openssl faketime
  new_fleet a b
  local digest layer unknown papers
  digest=$(push_small a $stranger_repository:1 'nobody else may know')
  expect_tag 30 $stranger_repository:1 "$digest" b
  layer=$(on a manifest $stranger_repository 1 | jq -r '.layers[0].digest')
  unknown=sha256:$(printf 'not here' | sha256sum | cut -d ' ' -f 1)

  # b's certificate, made anew by the fleet's key, is as good as b's own: what is refused below is refused for its one fault.
  papers_again b renewed "${by_fleet[@]}" -days 1
  expect_contains "$(answer_to renewed "https://$(address a):$fleet_port/fleet/v1/blob/$layer/$stranger_repository")" 'nobody else may know'

  papers_again b expired "${by_fleet[@]}" -days 1
  cp b/node.key expired/key
  faketime -f -3d openssl x509 -req -in expired/request -copy_extensions copyall -out expired/certificate "${by_fleet[@]}" -days 1 2>/dev/null
  openssl x509 -in expired/certificate -noout -checkend 0 && fail 'the expired certificate is not'
  # b's name under b's own signature.
  papers_again b forged -signkey b/node.key -days 1
  # The fleet's signature for a node that nobody let in.
  start_node c
  fleet c init >/dev/null 2>&1
  papers_again c unknown-node "${by_fleet[@]}" -days 1
  # A member of another fleet.
  mkdir foreign
  cp c/node.key foreign/key
  cp c/fleet/node.crt foreign/certificate
  for papers in none expired forged unknown-node foreign; do
    expect_nothing "$papers" "$layer" "$unknown"
    expect_nothing "$papers" "$digest" "$unknown"
  done
  # Below TLS 1.3, or without TLS, there is nothing at all.
  expect_no_answer none "$(answer_to none "https://$(address a):$fleet_port/" --tls-max 1.2)"
  expect_equal '' "$(answer_to none "http://$(address a):$fleet_port/fleet/v1/blob/$layer/$stranger_repository" | grep -a secret)" 'answer without TLS'
  expect_ports_and_routes "$layer"
}

# The registry's port knows no route of the fleet's and none of the operator's, and there is no third port that anything
# but this machine reaches.
expect_ports_and_routes() {
  local route
  for route in "/fleet/v1/blob/$1/$stranger_repository" "/fleet/v1/holding/$1/$stranger_repository" /fleet/join /operator/v1/node /operator/v1/fleet; do
    expect_equal 404 "$(on a status_of_path "$route")" "status of $route on the registry's port"
  done
  expect_equal "$fleet_port $fleet_registry_port" \
    "$(inside fleet-a ss -Hltnu | awk '$5 !~ /^127\./ { sub(/.*:/, "", $5); print $5 }' | sort -nr | uniq | xargs)" 'ports that a node listens on'
}

status_of_path() { status_of "http://$registry$1"; }

# --- Invitations

# expect_not_let_in TOKEN WORDS: by a, of the node b; and the reason holds the words.
expect_not_let_in() {
  expect_refusal fleet b join - <<<"$1" >refused 2>&1
  expect_contains "$(<refused)" "$2"
  expect_refusal fleet b ls 2>refused
}

changed() { /usr/bin/python3 "$here/library/join_token.py" "$@"; }

test_fleet_invitations_are_good_once_and_as_made() {
  need faketime
  new_fleet a
  start_node b
  start_node c
  local token other
  token=$(fleet a invite 2>/dev/null)
  expect_not_let_in "$(changed secret - <<<"$token")" 'not valid'
  expect_not_let_in "$(changed id - <<<"$token")" 'not valid'
  expect_not_let_in "${token%?}" 'invitation'
  # Another fleet answers at the address, or the fingerprint is another's.
  fleet c init >/dev/null 2>&1
  expect_not_let_in "$(changed address "$(address c):$fleet_port" <<<"$token")" 'another fleet answers there'
  expect_not_let_in "$(changed fleet "$(printf '%064d' 0)" <<<"$token")" 'another fleet answers there'
  # None of that used it up.
  fleet b join - <<<"$token"
  start_node d
  expect_refusal fleet d join - <<<"$token" >refused 2>&1
  expect_contains "$(<refused)" 'not valid'
  # Sixteen minutes later, by the clock of the node that made it.
  other=$(fleet a invite 2>/dev/null)
  stop_node a
  start_node a "${another_hour[@]}" FAKETIME=+16m
  # By the newcomer's too: else it is told that its clock is wrong.
  expect_refusal fleet d join - <<<"$other" >refused 2>&1
  expect_contains "$(<refused)" 'clock'
  stop_node d
  start_node d "${another_hour[@]}" FAKETIME=+16m
  expect_refusal fleet d join - <<<"$other" >refused 2>&1
  expect_contains "$(<refused)" 'not valid'
  expect_refusal fleet d join - <<<"$(changed expires 3600 <<<"$other")" >refused 2>&1
  expect_contains "$(<refused)" 'not valid'
}

# Hundreds knock each second, from many addresses: members go on, memory stays, and who was invited gets in.
test_fleet_join_flood_keeps_nobody_out() {
  new_fleet a b
  start_node c
  local number addresses=() token resident began
  for number in {1..20}; do
    inside fleet-clients ip address add "10.89.0.$((100 + number))/24" dev wire 2>/dev/null || true
    addresses+=("10.89.0.$((100 + number))")
  done
  resident=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$(<"$work/pids/fleet-node-a")/status")
  touch flooding
  from_clients /usr/bin/python3 "$here/library/join_flood.py" "$(address a):$fleet_port" 12 1300 flooding "${addresses[@]}" >flood.json &
  local flood=$!
  sleep 3
  token=$(fleet a invite 2>/dev/null)
  began=$EPOCHREALTIME
  # It goes on until the node is in, however long that takes.
  fleet c join - <<<"$token"
  echo "let in after $(seconds_since "$began") s"
  kill -0 "$flood" || fail "the flood was over before: $(<flood.json)"
  expect_tag 30 flood/app:1 "$(push_small a flood/app:1 'in the middle of it')" b c
  rm flooding
  wait "$flood"
  cat flood.json
  (($(jq .count flood.json) > 1200)) || fail "no flood: $(<flood.json)"
  # One refusal for nonsense, and else but one word: later, in so many milliseconds.
  jq -r '.answers | keys[]' flood.json | sed -E 's/^200 //; s/(776169746)[0-9a-f]*65$/\1/' | sort -u >kinds
  (($(wc -l <kinds) <= 2)) || fail "answers of several kinds: $(<flood.json)"
  local grown=$(($(awk '$1 == "VmRSS:" { print $2 }' "/proc/$(<"$work/pids/fleet-node-a")/status") - resident))
  ((grown < 32 << 10)) || fail "the flood cost $grown KiB"
}

# --- The same machine

# as_nobody COMMAND…
as_nobody() { limited setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }

test_fleet_another_user_gains_nothing() {
  new_fleet a
  local file
  # The folders above are ours alone; a node's own must hold without them, and the files without the folder.
  chmod o+x "$work" "$work/scratch" "$PWD"
  expect_refusal as_nobody ls a
  chmod o+x a a/fleet
  for file in node.key fleet/ca.key fleet/ca.crt fleet/node.crt catalog.sqlite lock; do
    [[ -e a/$file ]] || fail "there is no $file"
    expect_refusal as_nobody cat "a/$file" >/dev/null
  done
  expect_equal 600 "$(stat -c %a a/control.sock)" 'mode of control.sock'
  expect_refusal as_nobody curl -sS --unix-socket a/control.sock http://node/operator/v1/node
  expect_refusal as_nobody "$shoal" fleet invite --data "$PWD/a"
  chmod o-x "$work" "$work/scratch"
  # A key that others may read is not used.
  stop_node a
  for file in node.key fleet/ca.key; do
    chmod 644 "a/$file"
    expect_refusal limited "$shoal" serve --data "$PWD/a" --listen 127.0.0.1:0 --fleet-listen 127.0.0.1:0 >refused 2>&1
    expect_contains "$(<refused)" "$file"
    chmod 600 "a/$file"
  done
}

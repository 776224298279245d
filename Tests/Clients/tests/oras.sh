# oras' Python client, from PyPI.
# shellcheck shell=bash

# A virtual environment for all oras tests, made by the first.
oras_python() {
  need python3
  [[ -x $work/venv/bin/python ]] && return
  /usr/bin/python3 -m venv "$work/venv" || skip "python3-venv is not installed"
  CLIENT_SECONDS=600 limited "$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" \
    || skip "PyPI can't be reached"
}

test_oras_push_and_pull_of_an_artifact() {
  oras_python
  head -c 2000000 /dev/urandom >model.bin
  echo '{"a": 1}' >card.json
  limited "$work/venv/bin/python" "$here/library/oras_artifact.py" push "$registry/oras/model:1" \
    model.bin:application/vnd.example.model card.json:application/json
  expect_equal '["application/vnd.example.model","application/json"]' "$(manifest oras/model 1 | jq -c '[.layers[].mediaType]')" "types of the layers"
  expect_whole_image oras/model 1
  mkdir pulled
  limited "$work/venv/bin/python" "$here/library/oras_artifact.py" pull "$registry/oras/model:1" pulled
  cmp model.bin pulled/model.bin
  cmp card.json pulled/card.json
  expect_equal '["1"]' "$(limited "$work/venv/bin/python" "$here/library/oras_artifact.py" tags "$registry/oras/model")" "tags"
}

# attach REPOSITORY SUBJECT-FILE SUBJECT-TYPE ARTIFACT-TYPE TEXT: what `oras attach` does, by hand. Prints the digest.
attach() {
  local config layer
  printf '{}' >empty
  printf '%s' "$5" >content
  put_blob "$1" empty >/dev/null
  put_blob "$1" content >/dev/null
  config=$(descriptor empty application/vnd.oci.empty.v1+json)
  layer=$(descriptor content text/plain)
  jq -nc --argjson config "$config" --argjson layer "$layer" --argjson subject "$(descriptor "$2" "$3")" --arg type "$4" \
    '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", artifactType: $type,
      config: $config, layers: [$layer], subject: $subject, annotations: {"org.example.kind": $type}}' >attached.json
  local digest
  digest=$(file_digest attached.json)
  expect_equal "$(file_digest "$2")" "$(header_of OCI-Subject -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
    --data-binary @attached.json "http://$registry/v2/$1/manifests/$digest")" "OCI-Subject"
  echo "$digest"
}

test_oras_attached_artifacts_are_listed_as_referrers() {
  need skopeo
  local oci=application/vnd.oci.image.manifest.v1+json subject signature list sbom url
  limited skopeo copy --preserve-digests --dest-tls-verify=false "oci:$work/images/oci/app:one" "docker://$registry/oras/subject:1"
  manifest oras/subject 1 >subject.json
  subject=$(file_digest subject.json)
  url=http://$registry/v2/oras/subject/referrers/$subject
  expect_equal '[]' "$(http -f "$url" | jq -c .manifests)" "referrers before"
  signature=$(attach oras/subject subject.json "$oci" application/vnd.example.signature 'signed')
  sbom=$(attach oras/subject subject.json "$oci" application/vnd.example.sbom 'packages')
  expect_equal application/vnd.oci.image.index.v1+json "$(header_of Content-Type "$url")" "type of the answer"
  list=$(http -f "$url" | jq -c '[.manifests[].digest] | sort')
  expect_equal "$(jq -nc '$ARGS.positional | sort' --args "$signature" "$sbom")" "$list" "referrers"
  expect_equal '"application/vnd.example.sbom"' "$(http -f "$url?artifactType=application/vnd.example.sbom" | jq -c '.manifests[].artifactType')" "filtered"
  expect_equal artifactType "$(header_of OCI-Filters-Applied "$url?artifactType=application/vnd.example.sbom")" "OCI-Filters-Applied"
  expect_equal '"application/vnd.example.sbom"' \
    "$(http -f "$url" | jq -c --arg digest "$sbom" '.manifests[] | select(.digest == $digest).annotations["org.example.kind"]')" "annotation"
  expect_equal 202 "$(status_of -X DELETE "http://$registry/v2/oras/subject/manifests/$signature")" "status of a DELETE"
  expect_equal "[\"$sbom\"]" "$(http -f "$url" | jq -c '[.manifests[].digest]')" "referrers after"
}

# A signature may arrive before what it signs.
test_oras_attach_to_a_subject_that_comes_later() {
  need skopeo
  local digest
  manifest_of_layout two >subject.json
  digest=$(attach oras/early subject.json application/vnd.oci.image.manifest.v1+json application/vnd.example.signature early)
  limited skopeo copy --preserve-digests --dest-tls-verify=false "oci:$work/images/oci/app:two" "docker://$registry/oras/early:1"
  expect_equal "[\"$digest\"]" "$(http -f "http://$registry/v2/oras/early/referrers/$(layout_digest two)" | jq -c '[.manifests[].digest]')" "referrers"
}

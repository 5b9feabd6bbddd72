#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docs/openapi.json is whole and describes the routes that the server has, for those whom the server lets do it: no
# more, no less. Whether the answers are as it says is asked by test/e2e/openapi.sh.
# Functions are called through t; $ in single quotes is for jq.
# shellcheck disable=SC2016,SC2317
cd "$(dirname "$0")/../.." || exit 2
. test/tap.sh

server=${BUILD:-build/release}/quorum11-server
doc=docs/openapi.json
other=$(mktemp)
trap 'rm -f "$other"; tap_end' EXIT

form() { test/e2e/tools/openapi.py form "$1" "$("$server" --version | cut -d' ' -f2)"; }
routes() { "$server" --dump-routes | test/e2e/tools/openapi.py routes "$1"; }
# finds CHECK WORDS JQ: the check of a document that is changed so fails, and says WORDS
finds() {
	local said
	jq "$3" "$doc" >"$other" || return 1
	! said=$("$1" "$other") || { echo "nothing was found"; return 1; }
	echo "$said"
	grep -qF -- "$2" <<<"$said"
}

t "the document is whole" form "$doc"
t "it has the routes that the server has" routes "$doc"
t "a route that the document lacks is found" finds routes 'the document lacks GET /readyz' 'del(.paths["/readyz"])'
t "... one that the server lacks" finds routes 'the server lacks PUT /healthz' \
    '.paths["/healthz"].put = .paths["/healthz"].get'
t "... one that is for others" finds routes 'is for operator, the document says reader' \
    '.paths["/api/v1/tokens"].get["x-who"] = ["reader"]'
t "a part that is not there is found" finds form 'is used and not there' 'del(.components.schemas.Targets)'
t "... one that is not used" finds form 'is there and not used' '.components.schemas.More = {}'
t "... a schema that is none" finds form 'schema Hash' '.components.schemas.Hash.type = "text"'
t "... a parameter that the path lacks" finds form 'its parameters are' \
    '.paths["/healthz"].get.parameters = [{"$ref": "#/components/parameters/Id"}]'
t "... another version" finds form 'not of version' '.info.version = "0"'
plan

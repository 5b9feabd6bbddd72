#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Each fuzzer of a build for some time, from its seeds (packets in hex):
#	test/fuzz/run.sh BUILD SECONDS
# What it finds stays in BUILD/test/fuzz/, and the exit status says that there is something.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1 seconds=$2 bad=0
for seeds in test/fuzz/seeds/*; do
	name=$(basename "$seeds")
	corpus=$build/test/fuzz/corpus/$name
	mkdir -p "$corpus"
	for seed in "$seeds"/*.hex; do xxd -r -p "$seed" "$corpus/$(basename "$seed" .hex)" || exit 2; done
	"$build/test/fuzz/${name}_fuzz" -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 \
	    -artifact_prefix="$build/test/fuzz/$name-" "$corpus" ||
		{ echo "fuzz: $name: see $build/test/fuzz"; bad=1; }
done
exit $bad

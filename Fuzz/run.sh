#!/bin/bash
# Fuzzes one reader for some seconds, beginning with the inputs in Fuzz/corpus and those that earlier runs found.
#
#     Fuzz/run.sh .build-fuzz npy 1800
#
# Inputs that fail are in .build-fuzz/findings; NNND_FUZZ=npy .build-fuzz/fuzz FILE repeats one.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1 target=$2 seconds=$3

fixtures=Tests/ShardFormatsTests/Fixtures
case $target in
  npy | npy-body) seeds=$fixtures/npy ;;
  npz | safetensors) seeds=$fixtures/$target ;;
  *) seeds=Fuzz/corpus/$target ;;
esac
options=()
if [ -e "Fuzz/$target.dict" ]; then options+=("-dict=Fuzz/$target.dict"); fi
mkdir -p "$out/corpus/$target" "$out/findings"
NNND_FUZZ=$target "$out/fuzz" -max_total_time="$seconds" -max_len=16384 -timeout=20 -print_final_stats=1 \
  -artifact_prefix="$out/findings/$target-" "${options[@]}" "$out/corpus/$target" "$seeds"

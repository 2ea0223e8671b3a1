#!/bin/bash
# Builds the fuzzer: the modules ShardFormats and WireAPI with it, all of them watched by libFuzzer and AddressSanitizer.
#
#     Fuzz/build.sh .build-fuzz
#
# Not by SwiftPM: it renames the main function of a program, and libFuzzer brings that itself.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1
mkdir -p "$out"

flags=(-O -g -wmo -swift-version 6 -parse-as-library -package-name nnnd -sanitize=fuzzer,address -I "$out"
  -Xcc "-fmodule-map-file=$PWD/Sources/CZlib/module.modulemap" -enable-upcoming-feature InternalImportsByDefault
  -suppress-warnings)
compile() {
  swiftc "${flags[@]}" -module-name "$1" -emit-module -emit-module-path "$out/$1.swiftmodule" -c -o "$out/$1.o" "${@:2}"
}

for module in ShardFormats WireAPI; do
  mapfile -t sources < <(find "Sources/$module" -name '*.swift' | sort)
  compile "$module" "${sources[@]}"
done
# With the makers of archives and arrays that the unit tests have.
compile Fuzz Fuzz/Sources/*.swift Sources/nnnd/HTTP/JSONFault.swift \
  Tests/ShardFormatsTests/ZipBuilder.swift Tests/ShardFormatsTests/Bytes.swift
# lld, as gold warns of each of the sanitizer's functions.
swiftc -use-ld=lld -sanitize=fuzzer,address "$out"/{Fuzz,ShardFormats,WireAPI}.o -lz -o "$out/fuzz"

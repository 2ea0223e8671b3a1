#!/bin/bash
# Links the programs with Swift's libraries in them, from the objects of `swift build`.
#
#     packaging/link.sh OBJECTS TO
#
# OBJECTS is the folder that `swift build -c release` has written, .build/release. TO receives nnnd and nnnctl.
# `swift build --static-swift-stdlib` would compile everything once more, which takes minutes, for nearly the same
# objects: only the lists of libraries in them differ. So the libraries that belong to Swift's are listed here.
set -euo pipefail
objects=$1 to=$2
mkdir -p "$to"
foundation=(Foundation CoreFoundation FoundationEssentials FoundationInternationalization _FoundationICU
  _FoundationCShims _FoundationCollections swiftDispatch dispatch BlocksRuntime swiftObservation swiftSynchronization
  swift_RegexParser swift_StringProcessing)
for program in nnnd nnnctl; do
  # `-z relro -z now` makes the linker's tables read-only at the start. Swift exports all functions of a program by
  # default; without that the linker removes those that nothing calls.
  swiftc -static-stdlib -o "$to/$program" @"$objects/$program.product/Objects.LinkFileList" \
    -Xlinker --start-group "${foundation[@]/#/-l}" -Xlinker --end-group \
    $([ $program = nnnctl ] || echo -lfaiss) -lstdc++ -lm -Xlinker --defsym=main=${program}_main \
    -Xlinker --gc-sections -Xlinker --no-export-dynamic -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now
done

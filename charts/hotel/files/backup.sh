#!/bin/sh
# Writes all databases of the release to the standard output; restore.sh takes it.
# The engine's comes first: what a service does while its own is still to come, the worker does again after a restore, and
# the service takes the repeated call for what it is. The other way round it would be lost.
set -eu
cd /databases

dump() { pg_dump --username=postgres --create --clean --if-exists --dbname="$(cat "$1")"; }

if [ -e engine ]; then
  dump engine
fi
for name in *; do
  if [ "$name" != engine ]; then
    dump "$name"
  fi
done
echo "-- hotel: the backup is complete"

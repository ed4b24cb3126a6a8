#!/bin/sh
# Puts the databases of a backup, read from the standard input, in the place of those that are there.
# From then on the users are locked out, so that nothing that began on the old data goes on upon the restored. The next
# start of this pod lets them in again.
set -eu
cd /credentials
backup=/tmp/backup.sql

superuser() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres "$@"; }

lock_out() {  # lock_out NAME: the user's connections end, and it gets no new one
  superuser --set=name="$(cat "$1/username")" --output=/dev/null <<'SQL'
ALTER ROLE :"name" NOLOGIN;
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = :'name';
SQL
}

cat > "$backup"
if [ "$(tail -n 1 "$backup")" != "-- hotel: the backup is complete" ]; then
  echo "the backup is not complete, so nothing was changed: take one that backup.sh wrote to its end" >&2
  exit 1
fi
for name in *; do
  if [ "$name" != superuser ]; then
    lock_out "$name"
  fi
done
superuser --file="$backup" --output=/dev/null
rm "$backup"
echo "the databases are those of the backup; the users are locked out until this pod starts again"

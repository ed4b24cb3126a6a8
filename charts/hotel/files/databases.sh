#!/bin/sh
# Keeps the users and databases as the Secrets say: at the start, and whenever a Secret changes. So a database that a
# later version of the chart adds, and new Secrets on an old volume, need nobody's hand.
# /credentials/NAME/{username,password} and /databases/NAME (the database's name) say what there must be.
# Talks to the server through its socket, which only this pod's containers have.
set -eu
cd /credentials

superuser() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres "$@"; }

role() {  # role NAME OPTIONS: the user with its password
  superuser --set=name="$(cat "$1/username")" --set=folder="$1" <<SQL
\set password \`cat :folder/password\`
SELECT format('CREATE ROLE %I', :'name') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" WITH LOGIN $2 PASSWORD :'password';
SQL
}

database() {  # database NAME OWNER: nobody but its owner may connect
  superuser --set=name="$1" --set=owner="$2" <<'SQL'
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'owner')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE CONNECT, TEMPORARY ON DATABASE :"name" FROM PUBLIC;
SQL
}

apply() {  # the shell forgets -e where the outcome is asked for
  role superuser SUPERUSER || return 1
  for name in *; do
    if [ "$name" != superuser ]; then
      role "$name" 'NOSUPERUSER NOCREATEDB NOCREATEROLE' || return 1
      database "$(cat "/databases/$name")" "$(cat "$name/username")" || return 1
    fi
  done
}

fingerprint() { cat ./*/username ./*/password /databases/* | sha256sum; }

pause() {  # in the background, so that TERM is heard at once
  sleep "$1" &
  wait $!
}

trap 'exit 0' TERM
applied=
while true; do
  now=$(fingerprint)
  if [ "$now" = "$applied" ]; then
    pause 10
  elif pg_isready --quiet && apply; then
    applied=$now
    touch /tmp/ready
    echo "users and databases are as the Secrets say"
  else
    pause 1
  fi
done

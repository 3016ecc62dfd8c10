#!/bin/bash
# Runs once, on an empty data directory, as the superuser: makes the owner and the two databases.
# Every other log-in is made by `mp migrate`, which runs as the owner and can do no more than that.
set -euo pipefail

: "${OWNER_DB_PASSWORD:?}" "${DAGSTER_DB_PASSWORD:?}"

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set=owner_password="$OWNER_DB_PASSWORD" --set=dagster_password="$DAGSTER_DB_PASSWORD" <<'SQL'
create role mp_owner login createrole password :'owner_password';

-- The owner makes Dagster's log-in itself, so that it may change its password later.
set role mp_owner;
create role mp_dagster login password :'dagster_password';
reset role;

create database marketing_pipelines owner mp_owner;
create database dagster owner mp_dagster;
revoke connect, temporary on database dagster from public;
SQL

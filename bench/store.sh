# One run on a database of the server of t/lib/postgres.pl.
set -e
psql -X -q -h "$CONNEXT_POSTGRESQL" -U postgres -c 'CREATE DATABASE bench'
exec "$1" -u "postgresql://postgres@/bench?host=$CONNEXT_POSTGRESQL"

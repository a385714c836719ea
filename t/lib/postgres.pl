# A PostgreSQL server for as long as a command runs:
#
#     perl t/lib/postgres.pl prove t/e2e/one.t
#
# The command finds the folder of its socket in CONNEXT_POSTGRESQL, and makes
# databases as it likes; CONNEXT_POSTGRESQL_CONF has more settings for the
# server, between semicolons.  Nothing of it is left: the server ends, and its
# folder goes, also when the command fails or is interrupted.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use Connext::Postgres;
use POSIX ();

exec { $ARGV[0] } @ARGV if $ENV{CONNEXT_POSTGRESQL};

my $child;
my $signal = 0;
for my $name (qw(INT TERM HUP)) {
    $SIG{$name} = sub {
        $signal = $name;
        $child ? kill($name, $child) : exit 1;
    };
}

my $conf = join "\n", split /;/, $ENV{CONNEXT_POSTGRESQL_CONF} // '';
my $server = Connext::Postgres->new(conf => $conf)->start;

$child = fork // die "fork: $!\n";
if ($child == 0) {
    $ENV{CONNEXT_POSTGRESQL} = $server->dir;
    $ENV{CONNEXT_POSTGRESQL_PID} = $server->pid;
    exec { $ARGV[0] } @ARGV or POSIX::_exit(127);
}

1 while waitpid($child, 0) != $child && kill 0, $child;
exit($signal || $? & 127 ? 1 : $? >> 8);

# A PostgreSQL server for as long as a command runs:
#
#     perl t/lib/postgres.pl prove t/e2e/one.t
#
# The command finds the folder of its socket in CONNEXT_POSTGRESQL, and makes
# databases as it likes.  Nothing of it is left: the server ends, and its
# folder goes, also when the command fails or is interrupted; it ends with us
# when we are killed.  No TCP port; nothing is safe from a power cut.

use strict;
use warnings;

use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use POSIX ();
use Time::HiRes qw(sleep time);

exec { $ARGV[0] } @ARGV if $ENV{CONNEXT_POSTGRESQL};

my ($bin) = grep { -x "$_/initdb" }
            (sort { ($b =~ /(\d+)/)[0] <=> ($a =~ /(\d+)/)[0] }
             glob('/usr/lib/postgresql/*/bin')),
            split /:/, $ENV{PATH};
die "postgres.pl: no initdb\n" unless $bin;

my $dir = tempdir('cx-pg-XXXXXX', TMPDIR => 1);
my @user;
my $pid;
my $owner = $$;

# PostgreSQL refuses to be root.
if ($> == 0) {
    my ($uid, $gid) = (getpwnam 'postgres')[2, 3];
    die "postgres.pl: no user postgres\n" unless $uid;
    chown $uid, $gid, $dir or die "chown: $!\n";
    @user = ('setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups');
}

END {
    my $code = $?;
    if ($$ == $owner) {
        if ($pid) {
            kill 'INT', $pid;       # at once, and clients are told
            waitpid $pid, 0;
        }
        remove_tree($dir) if $dir;
    }
    $? = $code;
}

my $child;
my $signal = 0;
for my $name (qw(INT TERM HUP)) {
    $SIG{$name} = sub {
        $signal = $name;
        $child ? kill($name, $child) : exit 1;
    };
}

sub run_quietly {
    my (@command) = @_;

    my $log = "$dir/initdb.log";
    my $made = fork // die "fork: $!\n";
    if ($made == 0) {
        chdir $dir;
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $log;
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }
    waitpid $made, 0;
    return if $? == 0;
    open my $fh, '<', $log;
    die "@command\n", <$fh>;
}

run_quietly(@user, "$bin/initdb", '-D', "$dir/data", '-U', 'postgres',
            '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync');

open my $conf, '>>', "$dir/data/postgresql.conf" or die "conf: $!\n";
print $conf <<"_END";
listen_addresses = ''
unix_socket_directories = '$dir'
max_connections = 200
shared_buffers = 64MB
fsync = off
full_page_writes = off
max_wal_size = 4GB
autovacuum_naptime = 10s
log_min_messages = warning
log_destination = stderr
_END
print $conf "$ENV{CONNEXT_POSTGRESQL_CONF}\n" if $ENV{CONNEXT_POSTGRESQL_CONF};
close $conf;

$pid = fork // die "fork: $!\n";
if ($pid == 0) {
    POSIX::setpgid(0, 0);           # Ctrl-C is for the command
    chdir $dir;
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', "$dir/server.log";
    open STDERR, '>&', \*STDOUT;
    exec 'setpriv', '--pdeathsig', 'INT', @user[1 .. $#user],
         "$bin/postgres", '-D', "$dir/data" or POSIX::_exit(127);
}

my $end = time + 30;
until (system("'$bin/pg_isready' -q -h '$dir' -U postgres") == 0) {
    die "postgres.pl: the server does not come up\n"
        if time > $end || waitpid($pid, POSIX::WNOHANG()) == $pid;
    sleep 0.05;
}

$child = fork // die "fork: $!\n";
if ($child == 0) {
    $ENV{CONNEXT_POSTGRESQL} = $dir;
    $ENV{CONNEXT_POSTGRESQL_PID} = $pid;
    exec { $ARGV[0] } @ARGV or POSIX::_exit(127);
}

1 while waitpid($child, 0) != $child && kill 0, $child;
exit($signal || $? & 127 ? 1 : $? >> 8);

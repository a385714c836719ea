package Connext::Postgres;

# A PostgreSQL server of a test's own, in a folder of its own, on a unix socket
# there; no TCP port, and nothing is safe from a power cut.  It can be stopped
# and killed and started again, and it ends when we do.

use strict;
use warnings;

use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use POSIX ();
use Time::HiRes qw(sleep time);

my $owner = $$;
my %servers;


# conf: more lines of its configuration.
sub new {
    my ($class, %arg) = @_;

    my ($bin) = grep { -x "$_/initdb" }
                (sort { ($b =~ /(\d+)/)[0] <=> ($a =~ /(\d+)/)[0] }
                 glob('/usr/lib/postgresql/*/bin')),
                split /:/, $ENV{PATH};
    die "no initdb\n" unless $bin;

    my $self = bless { bin => $bin, conf => $arg{conf} // '',
                       dir => tempdir('cx-pg-XXXXXX', TMPDIR => 1) }, $class;
    $servers{$self} = $self;
    $self->become if $> == 0;
    $self->make;
    return $self;
}


sub dir { return $_[0]{dir} }
sub pid { return $_[0]{pid} }


# PostgreSQL refuses to be root.
sub become {
    my ($self) = @_;

    my ($uid, $gid) = (getpwnam 'postgres')[2, 3];
    die "no user postgres\n" unless $uid;
    chown $uid, $gid, $self->{dir} or die "chown: $!\n";
    $self->{user} = ["--reuid=$uid", "--regid=$gid", '--clear-groups'];
}


sub command {
    my ($self, $out, @command) = @_;

    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;

    POSIX::setpgid(0, 0);           # Ctrl-C is for the test
    chdir $self->{dir};
    open STDIN, '<', '/dev/null';
    open STDOUT, '>>', "$self->{dir}/$out";
    open STDERR, '>&', \*STDOUT;
    exec 'setpriv', '--pdeathsig', 'INT', @{$self->{user} || []}, @command
        or POSIX::_exit(127);
}


sub make {
    my ($self) = @_;

    my $dir = $self->{dir};
    $self->{pid} = $self->command('initdb.log', "$self->{bin}/initdb",
                                  '-D', "$dir/data", '-U', 'postgres',
                                  '-A', 'trust', '-E', 'UTF8',
                                  '--locale=C.UTF-8', '--no-sync');
    waitpid $self->{pid}, 0;
    delete $self->{pid};
    die "initdb failed\n" if $? != 0;

    open my $f, '>>', "$dir/data/postgresql.conf" or die "conf: $!\n";
    print $f <<"_END";
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
$self->{conf}
_END
    close $f;
}


# The processes of one that was killed may be there for a while yet, and hold
# its place.
sub start {
    my ($self) = @_;

    my $end = time + 30;
    until ($self->is_up) {
        die "the server does not come up\n"
            if time > $end;
        $self->{pid} = $self->command('server.log', "$self->{bin}/postgres",
                                      '-D', "$self->{dir}/data")
            if !$self->{pid}
               || waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid};
        sleep 0.05;
    }

    return $self;
}


sub is_up {
    my ($self) = @_;

    return system("'$self->{bin}/pg_isready' -q -h '$self->{dir}'"
                  . ' -U postgres') == 0;
}


# INT: clients are told and it ends in good order.  QUIT: at once, as in a
# crash.  KILL: that one process is gone, and the others find out.
sub stop {
    my ($self, $signal) = @_;

    my $pid = delete $self->{pid} or return;
    kill $signal // 'INT', $pid;
    waitpid $pid, 0;
}


# What it answers, lines of it.
sub sql {
    my ($self, $database, $sql) = @_;

    open my $f, '-|', 'psql', '-X', '-q', '-A', '-t', '-h', $self->{dir},
         '-U', 'postgres', '-d', $database, '-c', $sql or die "psql: $!\n";
    my @lines = <$f>;
    close $f or die "psql: $sql\n";
    chomp @lines;
    return @lines;
}


END {
    my $code = $?;
    if ($$ == $owner) {
        for my $self (values %servers) {
            $self->stop;
            remove_tree($self->{dir});
        }
    }
    $? = $code;
}


1;

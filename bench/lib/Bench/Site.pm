package Bench::Site;

# Where the bench lives (a folder below the build), its ports, and the servers
# it starts: Redis, nginx from a template, Node.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Path qw(make_path);
use FindBin qw($RealBin);
use IO::Socket::INET;
use IO::Socket::UNIX;
use Time::HiRes qw(sleep time);

use Bench::Proc;

our $SERVER_CPU = 0;    # what is measured, alone
our $LOAD_CPU = 1;      # load generator, Redis, doubles


# new(build => DIR): creates DIR/bench.
sub new
{
    my ($class, %o) = @_;
    my $build = abs_path($o{build});
    my $dir = "$build/bench";

    make_path("$dir/data", "$dir/run");
    unlink glob("$dir/run/*.log");

    return bless { build => $build, dir => $dir, here => $RealBin,
                   node => "$dir/node/node_modules",
                   redis => "$dir/run/redis.sock", port => free_port(),
                   back => free_port(), mock => free_port() }, $class;
}


sub free_port
{
    my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')
        or die "no free port: $!\n";

    return $s->sockport;
}


# The file with %NAME% replaced, as run/<name> of the site.
sub template
{
    my ($self, $file, %with) = @_;
    my $text = Bench::Proc::slurp("$self->{here}/$file");
    my %all = (RUN => "$self->{dir}/run", HERE => $self->{here},
               REDIS => $self->{redis}, PORT => $self->{port},
               BACK => $self->{back}, MOCK => $self->{mock},
               USER => $> == 0 ? "user root;" : "", %with);

    die "no $self->{here}/$file\n" if $text eq '';
    $text =~ s/%([A-Z]+)%/defined $all{$1} ? $all{$1} : die "%$1% in $file\n"/ge;

    my ($name) = $file =~ m{([^/]+)$};
    my $out = "$self->{dir}/run/$name";
    write_file($out, $text);

    return $out;
}


sub write_file
{
    my ($file, $text) = @_;

    open(my $f, '>', $file) or die "$file: $!\n";
    print $f $text;
    close($f) or die "$file: $!\n";

    return $file;
}


sub run
{
    my ($self, $name, $cpu, $cmd, %env) = @_;

    return Bench::Proc->start(name => $name, cpu => $cpu, cmd => $cmd,
                              env => \%env,
                              log => "$self->{dir}/run/$name.log");
}


sub start_nginx
{
    my ($self, $file, $cpu, %with) = @_;
    my $conf = $self->template($file, %with);

    return $self->run('nginx', $cpu,
                      ['nginx', '-p', "$self->{dir}/run", '-c', $conf,
                       '-e', "$self->{dir}/run/error.log"]);
}


sub start_node
{
    my ($self, $cpu, @args) = @_;

    return $self->run('node', $cpu, ['node', @args], $self->node_env);
}


sub node_env
{
    my ($self) = @_;

    return (NODE_MODULES => $self->{node}, REDIS => $self->{redis},
            PORT => $self->{port}, BACK => $self->{back},
            MOCK => $self->{mock}, UV_THREADPOOL_SIZE => 4,
            NODE_ENV => 'production');
}


# Redis on a unix socket, nothing kept on disk, with the peers' Function.
sub start_redis
{
    my ($self) = @_;

    unlink $self->{redis};

    my $redis = $self->run('redis', $LOAD_CPU,
        ['redis-server', '--port', 0, '--unixsocket', $self->{redis},
         '--save', '', '--appendonly', 'no', '--dir', "$self->{dir}/run",
         '--tcp-backlog', 4096, '--loglevel', 'warning']);

    $self->wait_for($redis, sub { $self->connect_redis });
    $self->redis('FUNCTION', 'LOAD', 'REPLACE',
                 Bench::Proc::slurp("$self->{here}/edge/function.lua"));

    return $redis;
}


sub connect_redis
{
    my ($self) = @_;

    return IO::Socket::UNIX->new(Peer => $self->{redis});
}


# One command, one answer.
sub redis
{
    my ($self, @cmd) = @_;
    my $s = $self->connect_redis or die "redis: $!\n";

    print $s resp(@cmd);
    $s->flush;

    return read_reply($s);
}


sub resp
{
    return join('', '*', scalar @_, "\r\n",
                map { '$' . length($_) . "\r\n$_\r\n" } @_);
}


sub read_reply
{
    my ($s) = @_;
    my $line = readline($s);

    die "redis closed\n" if !defined $line;
    $line =~ s/\r\n$//;
    my $kind = substr($line, 0, 1, '');

    return $line if $kind eq '+' || $kind eq ':';
    die "redis: $line\n" if $kind eq '-';
    return if $line < 0;
    return [map { read_reply($s) } 1 .. $line] if $kind eq '*';

    read($s, my $bytes, $line + 2);

    return substr($bytes, 0, $line);
}


sub wait_port
{
    my ($self, $proc, $port) = @_;

    return $self->wait_for($proc, sub {
        IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
    });
}


sub wait_for
{
    my ($self, $proc, $ready, $seconds) = @_;
    my $end = time + ($seconds || 15);

    while (time < $end) {
        return 1 if $ready->();
        die "$proc->{name} ended: see $proc->{log}\n" if !$proc->alive;
        sleep 0.02;
    }

    die "$proc->{name} is not ready: see $proc->{log}\n";
}


1;

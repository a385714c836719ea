package Bench::Proc;

# A process of the bench and its descendants: started on a given CPU, measured
# through /proc, stopped whatever happens.

use strict;
use warnings;

use POSIX qw(:sys_wait_h sysconf _SC_CLK_TCK);
use Time::HiRes qw(sleep time);

my $TICKS = sysconf(_SC_CLK_TCK);
my %running;


# start(name => 'redis', cmd => [...], cpu => 1, log => FILE, env => {})
sub start
{
    my ($class, %o) = @_;
    my $parent = $$;
    my $pid = fork();

    die "fork: $!\n" if !defined $pid;

    if ($pid == 0) {
        open(STDIN, '<', '/dev/null');
        open(STDOUT, '>>', $o{log}) or die "$o{log}: $!\n";
        open(STDERR, '>&', \*STDOUT);
        $ENV{$_} = $o{env}{$_} for keys %{ $o{env} || {} };
        my @pin = defined $o{cpu} ? ('taskset', '-c', $o{cpu}) : ();
        exec(@pin, @{ $o{cmd} }) or POSIX::_exit(127);
    }

    my $self = bless { name => $o{name}, pid => $pid, log => $o{log},
                       parent => $parent }, $class;
    $running{$pid} = $self;

    return $self;
}


sub alive
{
    my ($self) = @_;

    return 0 if $self->{gone};
    return 1 if waitpid($self->{pid}, WNOHANG) == 0;

    $self->{gone} = 1;
    delete $running{ $self->{pid} };

    return 0;
}


sub pids
{
    my ($self) = @_;
    my @todo = ($self->{pid});
    my @all;

    while (defined(my $pid = shift @todo)) {
        push @all, $pid;
        push @todo, map { split ' ', slurp($_) }
                        glob("/proc/$pid/task/*/children");
    }

    return @all;
}


# CPU seconds, user and system, of all its processes and threads.
sub cpu
{
    my ($self) = @_;
    my $ticks = 0;

    for my $pid ($self->pids) {
        my $stat = slurp("/proc/$pid/stat");
        next if $stat !~ s/^.*\) //s;
        my @f = split ' ', $stat;
        $ticks += $f[11] + $f[12];
    }

    return $ticks / $TICKS;
}


# RSS in MB of the process alone: cheap enough to ask often.
sub rss
{
    my ($self) = @_;

    return slurp("/proc/$self->{pid}/status") =~ /^VmRSS:\s+(\d+)/m
           ? $1 / 1024 : 0;
}


# RSS in MB of its largest process.
sub largest
{
    my ($self) = @_;
    my $kb = 0;

    for my $pid ($self->pids) {
        my $n = slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
        $kb = $n if $n > $kb;
    }

    return $kb / 1024;
}


# (RSS, PSS) in MB, summed.
sub memory
{
    my ($self) = @_;
    my %kb = (Rss => 0, Pss => 0);

    for my $pid ($self->pids) {
        my $text = slurp("/proc/$pid/smaps_rollup");
        for my $key (keys %kb) {
            $kb{$key} += $1 if $text =~ /^$key:\s+(\d+)/m;
        }
    }

    return ($kb{Rss} / 1024, $kb{Pss} / 1024);
}


sub stop
{
    my ($self) = @_;
    my @pids = $self->pids;
    my $end = time + 10;

    kill 'TERM', $self->{pid} if $self->alive;

    while ($self->alive && time < $end) {
        sleep 0.01;
    }

    kill 'KILL', $self->{pid} if $self->alive;
    waitpid($self->{pid}, 0) if !$self->{gone};
    delete $running{ $self->{pid} };
    $self->{gone} = 1;

    shift @pids;
    kill 'KILL', @pids if @pids;    # a child that outlived its parent

    return;
}


sub slurp
{
    my ($file) = @_;

    open(my $f, '<', $file) or return '';
    local $/;
    my $text = readline($f);

    return defined $text ? $text : '';
}


# Busy seconds of the whole machine since it started, and what the host took.
sub machine
{
    my ($line) = split /\n/, slurp('/proc/stat');
    my (undef, @t) = split ' ', $line;

    return ($t[0] + $t[1] + $t[2] + $t[5] + $t[6]) / $TICKS,
           $t[7] / $TICKS;
}


END {
    my $status = $?;
    for my $p (values %running) {
        $p->stop if $p->{parent} == $$;
    }
    $? = $status;
}

$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);


1;

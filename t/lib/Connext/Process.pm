package Connext::Process;

# Child processes of a test, in the foreground, ended by their pid; and the
# small things around them: free ports, files, sanitizer reports.

use strict;
use warnings;

use Exporter 'import';
use File::Temp ();               # first: its END must run after ours
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(spawn wait_pid stop_pid wait_text alive forget
                    free_port read_file write_file sanitizers valgrind
                    wait_for);

my $owner = $$;
my %children;                  # pid to what it is; all end with us


# Output of the child goes to the file; env is added to ours.
sub spawn {
    my ($what, $out, $command, $env) = @_;

    my $pid = fork;
    die "fork: $!\n" unless defined $pid;
    if ($pid) {
        $children{$pid} = $what;
        return $pid;
    }

    %ENV = (%ENV, %{$env || {}});
    open STDIN, '<', '/dev/null';
    open STDOUT, '>>', $out or POSIX::_exit(127);
    open STDERR, '>&', \*STDOUT;
    { no warnings 'exec'; exec { $command->[0] } @$command; }
    POSIX::_exit(127);
}


# A fork of the test itself is nobody's to end but its own.
sub forget {
    my ($pid) = @_;

    delete $children{$pid};
}


# Its wait status; undef when it still runs after that time.
sub wait_pid {
    my ($pid, $seconds) = @_;

    my $deadline = time + $seconds;
    while (1) {
        my $got = waitpid $pid, POSIX::WNOHANG();
        if ($got != 0) {
            forget($pid);
            return $got == $pid ? $? : 0;
        }

        return undef if time > $deadline;
        sleep 0.003;
    }
}


# Wait status, or 'killed' when it did not go in time.
sub stop_pid {
    my ($pid, $signal, $seconds) = @_;

    kill $signal, $pid;
    my $status = wait_pid($pid, $seconds);
    return $status if defined $status;

    kill 'KILL', $pid;
    waitpid $pid, 0;
    forget($pid);
    return 'killed';
}


sub wait_text {
    my ($status) = @_;

    return $status & 127 ? 'signal ' . ($status & 127)
                         : 'exit ' . ($status >> 8);
}


# Also those who are not our children.
sub alive {
    my ($pid) = @_;

    return 0 unless kill 0, $pid;
    return read_file("/proc/$pid/stat") !~ /^\d+ \(.*\) Z/;
}


# What the code returns when it is true; undef when it did not come true in
# time.  The way to wait in these tests.
sub wait_for {
    my ($seconds, $code) = @_;

    my $deadline = time + $seconds * slow();
    while (1) {
        my $got = $code->();
        return $got if $got;
        return undef if time > $deadline;
        sleep 0.01;
    }
}


# Sanitizers take their time, and valgrind more of it.
sub slow {
    return $ENV{CONNEXT_VALGRIND} ? 10
         : ($ENV{CONNEXT_BUILD} // '') =~ /asan/ ? 4 : 1;
}


# Below the range that outgoing connections take theirs from: thousands of
# those come and go while a test runs.
sub free_port {
    for (1 .. 100) {
        my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
                                      LocalPort => 10000 + int rand 22000,
                                      Listen => 1, ReuseAddr => 1)
            or next;
        return $s->sockport;
    }

    die "no free port: $!\n";
}


sub write_file {
    my ($path, $text, $mode) = @_;

    open my $f, '>', $path or die "$path: $!\n";
    binmode $f;
    print $f $text;
    close $f or die "$path: $!\n";
    chmod $mode, $path if defined $mode;
}


sub read_file {
    my ($path) = @_;

    open my $f, '<', $path or return '';
    binmode $f;
    local $/;
    return scalar(<$f>) // '';
}


# Reports go to files, so that one of a worker that died is not lost.
sub sanitizers {
    my ($lib, $log) = @_;

    $ENV{ASAN_OPTIONS} = "log_path=$log:detect_odr_violation=0"
                         . ":detect_leaks=1";
    $ENV{UBSAN_OPTIONS} = "log_path=$log:print_stacktrace=1";
    $ENV{LSAN_OPTIONS} = "suppressions=$lib/lsan.supp"
                         . ":print_suppressions=0";
}


# What comes before our own programs with CONNEXT_VALGRIND (`make valgrind`);
# reports lie beside those of the sanitizers.
sub valgrind {
    my ($dir) = @_;

    return $ENV{CONNEXT_VALGRIND}
           ? (split(' ', $ENV{CONNEXT_VALGRIND}), "--log-file=$dir/asan.%p")
           : ();
}


END {
    if ($$ == $owner) {
        my $status = $?;
        kill 'TERM', keys %children;
        stop_pid($_, 'TERM', 5) for keys %children;
        $? = $status;
    }
}


1;

package Connext;

# Load on an installation: the flood program.

use strict;
use warnings;

use Connext::Process qw(read_file spawn stop_pid wait_pid);
use Connext::Sample qw(json);

our $BUILD;


sub flood_start {
    my ($self, %arg) = @_;

    my $n = ++$self->{floods};
    $arg{out} = $self->path("flood$n.out");
    my @options = map { my $o = tr/_/-/r; ("--$o", $arg{$_}) } sort keys %arg;
    my $log = $self->path("flood$n.json");
    my $pid = spawn('flood', $log,
                    ["$BUILD/flood", '--port', $self->{port},
                     '--secret-file', $self->path('app_secret'), @options]);
    return { pid => $pid, log => $log, out => $arg{out} };
}


# Its summary, with attempts => [[number, status], ...].
sub flood_wait {
    my ($self, $flood, $seconds) = @_;

    my $status = wait_pid($flood->{pid},
                          ($seconds // 60) * Connext::Process::slow());
    if (!defined $status) {
        stop_pid($flood->{pid}, 'KILL', 1);
        die "flood takes too long\n";
    }

    my $text = read_file($flood->{log});
    die "flood: $text\n" if $status != 0;
    my $summary = json()->decode($text);
    $summary->{answers} = [map { [split] } split /\n/,
                           read_file($flood->{out})];
    return $summary;
}


sub flood {
    my ($self, %arg) = @_;

    my $seconds = delete $arg{within};
    return $self->flood_wait($self->flood_start(%arg), $seconds);
}


1;

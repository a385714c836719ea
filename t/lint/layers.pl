# layers.pl: reads `nm -A` of all objects and says which of them know more than
# their layer may.

use strict;
use warnings;

# Whose functions a layer may call, besides its own.
my %below = (
    core    => [],
    channel => [ qw(core) ],
    ai      => [ qw(core) ],
    store   => [ qw(core) ],
    worker  => [ qw(core channel ai store) ],
    edge    => [ qw(core channel) ],
    ctl     => [ qw(core channel) ],
);

my $pure = qr{^(?:
    (?:ngx_|curl_|redis|sqlite3_|PQ|uv_|MHD_|ini_).*
    | socket | socketpair | connect | accept4? | bind | listen
    | send | sendto | sendmsg | recv | recvfrom | recvmsg
    | getaddrinfo | poll | select | epoll_\w+
    | open | openat | creat | fopen | read | write | unlink | rename | stat
    | time | clock | clock_gettime | gettimeofday | nanosleep | u?sleep
    | getenv | secure_getenv | setenv | system | fork | execve? | popen
)$}x;

my %foreign = (
    core    => $pure,
    channel => $pure,
    ai      => $pure,
    store   => qr/^(?:ngx_|curl_|redis)/,
    worker  => qr/^ngx_/,
    ctl     => qr/^ngx_/,
);

my (%defined, %wanted);

# .../core/str.o -> (core, src/core/str.c); nothing for an old object whose
# source is gone.
sub place {
    my ($object) = @_;

    return ('edge', "$1.c") if $object =~ m{(?:^|/)(ngx_http_connext_\w+)\.o$};

    return ($1, "src/$1/$2.c")
        if $object =~ m{/([a-z]+)/(\w+)\.o$} && exists $below{$1}
           && -e "src/$1/$2.c";

    return;
}

while (my $line = <STDIN>) {
    # "object:value type symbol"; the value is blank for what is undefined.
    my ($object, $type, $symbol) =
        $line =~ /^(.+?):\s*[0-9a-f]*\s+([A-Za-z])\s+(\S+)/ or next;
    my ($layer, $source) = place($object) or next;

    $symbol =~ s/\@.*//;

    # What FORTIFY makes of it is still the same function.
    $symbol =~ s/^__(\w+)_chk$/$1/;

    if ($type =~ /[Uw]/) {
        $wanted{$source}{$symbol} = $layer;

    } elsif ($type =~ /[TDRBVC]/) {
        $defined{$symbol} = $layer;
    }
}

# The line of the first use, as good as text can tell.
sub line_of {
    my ($source, $symbol) = @_;

    open(my $file, '<', $source) or return 1;

    while (<$file>) {
        return $. if /\b\Q$symbol\E\b/;
    }

    return 1;
}

sub finding {
    my ($source, $symbol, $what) = @_;

    printf "%s:%d: %s\n", $source, line_of($source, $symbol), $what;
}

for my $source (sort keys %wanted) {
    for my $symbol (sort keys %{ $wanted{$source} }) {
        my $layer = $wanted{$source}{$symbol};
        my $owner = $defined{$symbol} // $layer;

        finding($source, $symbol, "failpoint in a release object")
            if $symbol eq 'cx_failpoint';

        finding($source, $symbol, "$layer refers to $symbol")
            if $foreign{$layer} && $symbol =~ $foreign{$layer};

        finding($source, $symbol, "$layer refers to $symbol of $owner")
            if $owner ne $layer
               && !grep { $_ eq $owner } @{ $below{$layer} };
    }
}

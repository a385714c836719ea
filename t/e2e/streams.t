# How many streams nginx holds: counted by process, also when one is killed,
# and no more than it may.

use strict;
use warnings;

use Connext;
use Connext::Chat qw(chat ask request open_stream read_events);
use Test::More;

my $cx = chat(http => "    connext_chat_streams 3;\n")
    ->start(qw(redis nginx));


sub streams {
    return request($cx, 'GET', '/connext/metrics', '')->{body}
           =~ /^connext_widget_streams (\d+)$/m ? $1 : -1;
}


# A visitor that nobody was before.
sub visitor {
    my $token = ask($cx, 'session')->{token};
    return open_stream($cx, 'stream', Authorization => "Bearer $token");
}


my @open = map { visitor() } 1 .. 3;
is(join(' ', map { $_->{status} } @open), '200 200 200', 'three streams');
read_events($_, 1, names => qr/^ready$/) for @open;
is(streams(), 3, 'are counted');

# --- the limit ---------------------------------------------------------------

my $one_more = visitor();
is($one_more->{status}, 503, 'a fourth one finds the process full');
like($one_more->{head}, qr/^Retry-After: 3\r?$/mi, '... and when to come');
like($one_more->{head}, qr/^Access-Control-Allow-Origin: /mi,
     '... which its page may read');
like(request($cx, 'GET', '/connext/metrics', '')->{body},
     qr/reason="busy"[^\n]* 1$/m, '... and is counted, with its reason');
is(streams(), 3, '... not as a stream');

close((pop @open)->{sock});
ok($cx->wait_for(10, sub { streams() == 2 }), 'one page goes');
push @open, visitor();
is($open[-1]{status}, 200, '... another one comes');

# --- a process that dies -----------------------------------------------------

my ($pid) = $cx->nginx_workers;
kill 'KILL', $pid;
ok($cx->wait_for(10, sub {
    my @now = eval { $cx->nginx_workers };
    return @now == 1 && $now[0] != $pid && eval { streams() >= 0 };
}), 'another process takes its place');
is(streams(), 0, '... and holds no stream of those it had');
is(visitor()->{status}, 200, '... but room for three');

# --- one that is told to go --------------------------------------------------

@open = map { visitor() } 1 .. 2;
($pid) = $cx->nginx_workers;
$cx->signal('nginx', 'HUP');
ok($cx->wait_for(20, sub { !grep { $_ == $pid } $cx->nginx_workers }),
   'a reload ends the process');
ok($cx->wait_for(10, sub { streams() == 0 }), '... and its streams');

$cx->finish(allow => qr/exited on signal 9/);
done_testing();

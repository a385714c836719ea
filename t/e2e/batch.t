# Deliveries that arrive together leave in one call of the Function, and each
# is answered for itself: a broken stream or a repeat harms no neighbour.

use strict;
use warnings;

use Connext;
use Connext::Http;
use Connext::Process qw(free_port read_file spawn stop_pid);
use Connext::Redis;
use Connext::Sample qw(customer delivery signature text_message);
use Test::More;

my $port = free_port();
my $cx = Connext->new(location => <<"_END")->start(qw(redis nginx));
        location = /hooks/cluster {
            connext_webhook wa-main;
            connext_pass 127.0.0.1:$port;
        }
_END
my $n = 0;

# A request for each customer, or for each list of them, with a message of
# each.
sub requests {
    my ($path, @customers) = @_;

    return map {
        my $body = delivery(messages => [ map {
            text_message(from => customer($_), id => "wamid.batch." . $n++)
        } ref $_ ? @$_ : $_ ]);
        Connext::Http::head('POST', $path, {
            'X-Hub-Signature-256' => signature($body,
                                               $Connext::SECRET{app_secret}),
            'Content-Type' => 'application/json' }, $body) . $body;
    } @customers;
}

# nginx sees them all in one turn of its loop; the statuses.
sub at_once {
    my (@requests) = @_;

    my ($worker) = $cx->nginx_workers;
    my @clients = map { $cx->http } @requests;
    for my $client (@clients) {
        $client->request('GET', '/connext/live')->{status} == 200
            or die 'nginx is not there';
    }

    kill 'STOP', $worker;
    $cx->wait_for(10, sub {
        read_file("/proc/$worker/stat") =~ /^\d+ \(.*\) T/;
    }) or die 'nginx does not stop';
    Connext::Http::write_all($clients[$_]{sock}, $requests[$_])
        for 0 .. $#requests;
    kill 'CONT', $worker;

    return map {
        Connext::Http::read_response($_->{sock}, \my $in, 10, 0)->{status}
    } @clients;
}

sub calls {
    my ($redis) = @_;

    return $redis->command('INFO', 'commandstats')
           =~ /cmdstat_fcall:calls=(\d+)/ ? $1 : 0;
}

my $redis = $cx->{redis};
my $url = '/hooks/wa-main';

is_deeply([ at_once(requests($url, 0)) ], [ 200 ], 'one');

my $before = calls($redis);

is_deeply([ at_once(requests($url, 0 .. 39)) ], [ (200) x 40 ],
          'forty at once');
is($cx->count('in'), 41, 'all are stored');
is(calls($redis) - $before, 1, 'in one call');

$before = calls($redis);
is_deeply([ at_once(requests($url, 0 .. 99)) ], [ (200) x 100 ],
          'a hundred at once');
is($cx->count('in'), 141, 'all are stored');
is(calls($redis) - $before, 2, 'in two calls');

# Redis forgot the Function: each call is repeated once, as it was.
$cx->redis('FUNCTION', 'FLUSH');
is_deeply([ at_once(requests($url, 0 .. 99)) ], [ (200) x 100 ],
          'a hundred at once, the Function is gone');
is($cx->count('in'), 241, 'all are stored');

# The same delivery over several connections.
my ($same) = requests($url, 7);
is_deeply([ at_once(($same) x 10) ], [ (200) x 10 ], 'one ten times at once');
is($cx->count('in'), 242, 'it is stored once');

# A stream that is none.
my ($id) = 'wamid.batch.' . $n;
at_once(requests($url, 50));
my ($broken) = grep {
    grep { "@{$_->[1]}" =~ /"\Q$id\E"/ } @{$cx->redis('XRANGE', $_, '-', '+')}
} map { sprintf 'cx:{p%02d}:in', $_ } 0 .. 63;

$cx->redis('RENAME', $broken, 'kept');
$cx->redis('SET', $broken, 'x');

my @mixed = requests($url, 50, 1000 .. 1019);
my @status = at_once(@mixed);
my %seen;
$seen{$_}++ for @status;

is($status[0], 503, 'of a broken stream: 503');
cmp_ok($seen{200} // 0, '>', 15, 'the others: 200');
is(($seen{200} // 0) + ($seen{503} // 0), 21, 'and nothing else');

# Both messages of one delivery: one is refused, so is the delivery.
my ($both) = requests($url, [ 50, 2000 ]);
is_deeply([ at_once($both) ], [ 503 ], 'half of a delivery refused: 503');

$cx->redis('DEL', $broken);
$cx->redis('RENAME', 'kept', $broken);

my $stored = $cx->count('in');

is_deeply([ at_once(@mixed, $both) ], [ (200) x 22 ],
          'once it is mended a repeat is taken');

my %ids = %{$cx->ids('in')};

is(scalar(grep { $ids{"wamid.batch.$_"} != 1 } 0 .. $n - 1), 0,
   'and each message is there exactly once');
cmp_ok($cx->count('in'), '>', $stored, 'those that had been refused, too');

# A cluster: keys of one hash tag a call.
my $log = $cx->path('logs/cluster.log');
my $pid = spawn('cluster', $log,
                ['redis-server', '--port', $port, '--bind', '127.0.0.1',
                 '--unixsocket', $cx->path('cluster.sock'),
                 '--dir', $cx->path('redis'), '--save', '',
                 '--cluster-enabled', 'yes', '--cluster-config-file',
                 $cx->path('redis/nodes.conf'), '--cluster-port',
                 free_port()]);
my $cluster = Connext::Redis->new($cx->path('cluster.sock'));

$cx->wait_for(10, sub {
    eval { $cluster->command('PING') eq 'PONG' };
}) or die 'no cluster';
$cluster->command('CLUSTER', 'ADDSLOTSRANGE', 0, 16383);
$cx->wait_for(10, sub {
    $cluster->command('CLUSTER', 'INFO') =~ /cluster_state:ok/;
}) or die 'the cluster does not come up';

is_deeply([ at_once(requests('/hooks/cluster', 0 .. 29)) ], [ (200) x 30 ],
          'in a cluster: thirty at once');

my $in = 0;
$in += $cluster->command('XLEN', sprintf 'cx:{p%02d}:in', $_) for 0 .. 63;
is($in, 30, 'all are stored');
cmp_ok(calls($cluster), '>', 5, 'in a call for each partition');

stop_pid($pid, 'TERM', 10);
$cx->finish;
done_testing();

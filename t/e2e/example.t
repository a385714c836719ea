# A new channel is one file: the example of docs/CHANNELS.md answers a
# customer, in a worker that is otherwise as it ships.

use strict;
use warnings;

use Connext;
use Connext::Sample qw(json);
use Test::More;

my $unit = `$Connext::BUILD/example/receive 2>&1`;
is($?, 0, 'the webhook is read as the edge would') or diag($unit);

my $cx = Connext->new->start(qw(redis nginx double));
$cx->write_worker_conf('worker');
$cx->launch('worker', ["$Connext::BUILD/example/connext-worker", '-c',
                       $cx->path('conf/worker.ini')]);
$cx->{api}{worker} = Connext::Http->new(unix => $cx->path('worker.sock'));
$cx->ready('worker', sub {
    ($cx->{api}{worker}->request('GET', '/readyz')->{status} // 0) == 200;
});

$cx->set_up(channel => { type => 'pigeon', name => 'loft', account => '12',
                         token_file => '',
                         base_url => "http://127.0.0.1:$cx->{double_port}" });
$cx->script({ match => { path => '/lofts/12/flights' }, times => -1,
              do => { body => { id => 'flight-7' } } });

# As the edge would have put it there.
$cx->redis('XADD', 'cx:{p05}:in', '*', 'v', 1, 'e', json()->encode({
    event => 'ev_01KDTESTTESTTESTTESTTESTTE', channel => 'loft',
    type => 'pigeon', account => '12', kind => 'message', id => 'f1',
    peer => 'ana', content => 'text', text => 'When is check-out?' }));

my @flights;
ok($cx->wait_for(15, sub {
    @flights = grep { $_->{path} =~ /flights/ }
               @{$cx->double('GET', '/_/requests')->{requests}};
    @flights > 0;
}), 'it is answered');
like($flights[0]{body}{text}, qr/11:00/, 'from the knowledge file');
is($flights[0]{body}{to}, 'ana', 'to who asked');
like($flights[0]{body}{tag}, qr/^cx1\.ms_/, 'with the intent');

my @m;
ok($cx->wait_for(10, sub {
    my ($c) = @{$cx->api('GET', '/api/v1/conversations')->{data}} or return 0;
    @m = @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")->{data}};
    @m == 2 && $m[1]{state} eq 'accepted';
}), 'and on record as accepted');
is($m[1]{provider_id}, 'flight-7', 'under the provider\'s id');

$cx->finish;
done_testing();

# kill -9 around a send where a repeat is harmless: the next worker sends it
# again, nobody has to look at it, the customer has it once.  And what needs a
# login: one that is refused, one that fails for a while.

use strict;
use warnings;

use Connext;
use Connext::Process qw(write_file);
use Test::More;

my $cx = Connext->new(double => ['--statuses', 'none'],
                      http => <<'_END', location => <<'_END');
    connext_channel rcs-main {
        type         rcs;
        secret_file  DIR/client_token;
    }
_END
        location = /hooks/rcs-main {
            connext_webhook  rcs-main;
            connext_pass     unix:DIR/redis.sock;
            add_header       X-Connext-Event $connext_event_id;
        }
_END
s/DIR/$cx->dir/ge for @$cx{qw(http location)};

write_file($cx->path('client_token'), "canary-client-token\n", 0600);
write_file($cx->path('service_account'), Connext::json()->encode({
    type => 'service_account', client_email => 'bot@project.example',
    private_key => scalar `openssl genrsa 2048 2>/dev/null` }), 0600);

$cx->start(qw(redis nginx double worker));

my $double = "http://127.0.0.1:$cx->{double_port}";
$cx->set_up(channel => {
    type => 'rcs', name => 'rcs-main', account => 'house@rbm.goog',
    token_file => $cx->path('service_account'), base_url => $double,
    settings => { token_url => "$double/oauth2/token" } });


sub ask {
    my ($peer) = @_;

    my ($rc, $out) = $cx->ctl('simulate', 'rcs', '--channel', 'rcs-main',
        '--secret-file', $cx->path('client_token'), '--from', $peer,
        '--text', 'When is check-in?');
    is($rc, 0, "$peer asks") or diag($out);
}


sub in_state {
    my ($state) = @_;

    return @{$cx->api('GET', "/api/v1/messages?state=$state")->{data}};
}


sub sent { return scalar grep { $_->{to} eq $_[0] } $cx->ledger }


my $n = 0;
for my $point (qw(claim.after wire.before wire.started wire.after
                  settle.before settle.after)) {
    my $peer = '+1555010480' . ++$n;

    $cx->stop('worker');
    $cx->failpoint("$point=kill:1")->start('worker');
    $cx->wait_for(15, sub {
        ($cx->api_raw('worker', 'GET', '/readyz')->{status} // 0) == 200 });
    ask($peer);
    my $died = $cx->wait_for(15, sub { $cx->gone('worker') });
    $cx->kill9('worker') unless $died;
    ok($died, "$point: the worker was killed there");

    $cx->start('worker');
    ok($cx->wait_for(15, sub {
        sent($peer) && !grep { in_state($_) } qw(ready sending ambiguous)
    }), '... and the next one ends it');
    is(sent($peer), 1, '... once');
}

is(scalar(in_state('held')), 0, 'nothing is held for a person');

# --- logins ------------------------------------------------------------------

$cx->stop('worker');
$cx->script({ match => { path => '/oauth2/token' }, times => 1,
              do => { status => 503 } });
$cx->start('worker');
ask('+15550104811');
ok($cx->wait_for(20, sub { sent('+15550104811') == 1 }),
   'a login that fails for a while holds up, and no more');

$cx->stop('worker');
$cx->script({ match => { path => '/oauth2/token' }, times => -1,
              do => { status => 400, body => { error => 'invalid_grant' } } });
$cx->start('worker');
ask('+15550104812');
ok($cx->wait_for(20, sub {
    $cx->api('GET', '/api/v1/channels/rcs-main')->{health}
        eq 'action_required'
}), 'one that is refused is shown');
is(scalar(in_state('ready')), 1, '... and what is to be said waits');
is(sent('+15550104812'), 0, '... unsaid');

unlike($cx->logs, qr/ya29\.double|PRIVATE KEY|1555010481/,
       'no token, key or number in the logs');
$cx->finish;
done_testing();

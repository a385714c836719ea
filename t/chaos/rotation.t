# Ten thousand channels with sealed tokens, messages under way: the keys are
# rotated, twice, and nothing fails; a worker that dies in the middle leaves a
# rotation that goes on.

use strict;
use warnings;

use Connext;
use Connext::Process qw(write_file);
use Connext::Sample qw(delivery json text_message);
use Test::More;
use Time::HiRes qw(time);

my $CHANNELS = $ENV{CONNEXT_VALGRIND} ? 300 : 10_000;
my $MESSAGES = 300;
my $cx = Connext->new(worker => { 'worker.jobs' => 200 });
my @key = map { my $k = ($cx->ctl('-q', 'secrets', 'new-key', "k$_"))[1];
                chomp $k; $k } 1 .. 3;


sub keys_are { write_file($cx->path('keys'), join("\n", @_) . "\n", 0600) }


sub secrets { return $cx->api('GET', '/api/v1/secrets') }


keys_are($key[0]);
$cx->{conf}{'secrets.key_file'} = $cx->path('keys');
$cx->start(qw(redis nginx double worker));
my $double = "http://127.0.0.1:$cx->{double_port}/v21.0";
$cx->set_up(channel => { token_file => '', credentials => {
    token => 'sealed-token-of-wa-main' } });

# --- many channels -----------------------------------------------------------

my $made = 0;
my @line;
my $http = $cx->{api}{worker};
for my $n (2 .. $CHANNELS) {
    my $res = $http->request('POST', '/api/v1/channels',
        { 'Content-Type' => 'application/json' },
        qq({"name":"c$n","type":"whatsapp","account":"5$n","agent":"desk",)
        . qq("base_url":"$double","credentials":{"token":"sealed-$n"}}));
    $made += $res->{status} == 201;
}
is($made, $CHANNELS - 1, "$CHANNELS channels with a sealed token");
ok($cx->wait_for(30, sub {
       my ($last) = ($cx->logs =~ /"msg":"directory","channels":(\d+)/g)[-1];
       return ($last // 0) == $CHANNELS;
   }), 'the worker knows them');

my $began = time;
$cx->stop('worker');
$cx->start('worker');
ok($cx->wait_for(30, sub {
       return (() = $cx->logs =~ /"channels":$CHANNELS/g) >= 2;
   }), 'also after a start');
diag(sprintf '%d channels: stop, start and load in %.0f ms', $CHANNELS,
     1000 * (time - $began));

# --- messages flow -----------------------------------------------------------

my $sent = 0;


# So many questions, to the first channel and to others.
sub ask {
    my ($count) = @_;

    for (1 .. $count) {
        $sent++;
        my $account = $sent % 3 == 0 ? $Connext::ACCOUNT
                                     : '5' . (2 + $sent % ($CHANNELS - 1));
        my $res = $cx->post(delivery(account => $account, messages => [
            text_message(from => 16505550000 + $sent, id => "wamid.r$sent",
                         text => 'Is there parking?') ]));
        $res->{status} == 200 or diag("a webhook: $res->{status}");
    }
}


sub answered { return scalar(my @all = $cx->ledger) }


sub rotated {
    my ($want) = @_;

    return $cx->wait_for(120, sub {
        my $s = secrets();
        return 0 if $s->{rotation}{running};
        return $s->{behind} == 0 && $s->{first} eq $want;
    });
}


ask(20);
keys_are($key[1], $key[0]);
$cx->api('POST', '/api/v1/secrets/rotate');
ask($MESSAGES);
ok(rotated('k2'), 'all are under the second key');
my $s = secrets();
is($s->{rotation}{failed}, 0, 'none failed');
is($s->{rotation}{sealed}, $CHANNELS, 'all were sealed anew');
ok($cx->wait_for(60, sub { answered() == $sent }), 'every message is answered')
    or diag(answered() . " of $sent");

# --- a death in the middle ---------------------------------------------------

keys_are($key[2], $key[1]);
$cx->api('POST', '/api/v1/secrets/rotate');
ask(10);
$cx->kill9('worker');
$cx->start('worker');
my $behind = secrets()->{behind};
diag("$behind boxes were left behind");
$cx->api('POST', '/api/v1/secrets/rotate');
ask(50);
ok(rotated('k3'), 'the next worker goes on');
is(secrets()->{rotation}{failed}, 0, 'none failed');
keys_are($key[2]);
$cx->signal('worker', 'HUP');
ask(50);
ok($cx->wait_for(60, sub { answered() >= $sent }), 'every message is answered');

# --- nobody noticed ----------------------------------------------------------

my %to;
$to{$_->{to}}++ for $cx->ledger;
is(scalar(keys %to), $sent, 'each customer has an answer');
is(scalar(grep { $_ != 1 } values %to), 0, '... and one');
is(scalar(grep { $_->{health} ne 'ok' }
          map { $cx->api('GET', "/api/v1/channels/$_") }
          'wa-main', 'c2', "c$CHANNELS"), 0, 'all channels are well');
is(scalar(grep { /"level":"error"/ } split /^/, $cx->logs), 0, 'no error')
    or diag((grep { /"level":"error"/ } split /^/, $cx->logs)[0]);
$cx->finish;
done_testing();

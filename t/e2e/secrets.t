# Credentials that the API was given are sealed: they open for the channel they
# were made for, keys change while messages flow, and what was planted comes
# out nowhere.

use strict;
use warnings;

use Connext;
use Connext::Process qw(read_file write_file);
use Connext::Sample qw(json);
use Test::More;

my $TOKEN = 'CANARY-sealed-token-1f6e';
my $KEY = 'CANARY-sealed-api-key-77aa';
my $PROMPT = 'CANARY-prompt-of-tenant-a';
my $TEXT = 'CANARY-text-of-a-customer';
my $PHONE = '16505554821';
my @pages;

my $cx = Connext->new(worker => { 'log.level' => 'debug' })
                ->start(qw(redis nginx double worker));
my $double = "http://127.0.0.1:$cx->{double_port}";
my $n = 0;


sub ask {
    my ($method, $path, $body, %headers) = @_;

    my $res = $cx->{api}{worker}->request($method, $path,
        { defined $body ? ('Content-Type' => 'application/json') : (),
          %headers },
        defined $body ? json()->encode($body) : undef);
    push @pages, $res->{body} // '';
    $res->{json} = eval { json()->decode($res->{body}) } if $res->{body};
    return $res;
}


sub keys_are {
    my (@lines) = @_;

    write_file($cx->path('keys'), join("\n", @lines) . "\n", 0600);
}


# A question that is answered through the channel's token.
sub answered {
    my ($what) = @_;

    $n++;
    $cx->say(from => $PHONE, text => "$TEXT number $n");
    ok($cx->wait_for(15, sub {
           grep { ($_->{text} // '') =~ /number $n$/ } $cx->ledger;
       }), $what);
}


sub health { return ask('GET', '/api/v1/channels/wa-main')->{json} }


my %channel = (name => 'wa-main', type => 'whatsapp',
               account => $Connext::ACCOUNT, agent => 'desk',
               base_url => "$double/v21.0", settings => { rate => '100000' });
my %agent = (name => 'desk', provider => 'openai', threshold => 0,
             base_url => "$double/v1", model => 'double',
             prompt => $PROMPT);

# --- without keys ------------------------------------------------------------

my $res = ask('POST', '/api/v1/agents',
              { %agent, credentials => { api_key => $KEY } });
is($res->{status}, 409, 'nothing is sealed without keys');
like($res->{json}{detail}, qr/key_file/, '... and the answer says so');

# --- with keys ---------------------------------------------------------------

my ($code, $k1) = $cx->ctl('-q', 'secrets', 'new-key', 'k1');
is($code, 0, 'a key can be made');
like($k1, qr{^k1 [A-Za-z0-9+/]{43}=\n\z}, '... a line');
my (undef, $k2) = $cx->ctl('-q', 'secrets', 'new-key', 'k2');
my (undef, $k3) = $cx->ctl('-q', 'secrets', 'new-key', 'k3');
chomp($k1, $k2, $k3);
isnt(substr($k1, 3), substr($k2, 3), '... never the same');

keys_are($k1);
$cx->stop('worker');
$cx->{conf}{'secrets.key_file'} = $cx->path('keys');
$cx->start('worker');

for my $bad ({ token => $KEY }, { api_key => "two\nlines" },
             { api_key => 7 }) {
    is(ask('POST', '/api/v1/agents', { %agent, credentials => $bad })
         ->{status}, 400, 'no such credential');
}

$res = ask('POST', '/api/v1/agents',
           { %agent, credentials => { api_key => $KEY } });
is($res->{status}, 201, 'an agent with a key');
$res = ask('POST', '/api/v1/channels',
           { %channel, credentials => { token => $TOKEN } });
is($res->{status}, 201, 'a channel with a token');
is($res->{json}{credentials}{token}{set}, JSON::PP::true, 'it is set');
ok($res->{json}{credentials}{token}{updated_at} > 1e12, '... since when');
is(join(' ', sort keys %{$res->{json}{credentials}{token}}),
   'set updated_at', '... and no more is told');
answered('both are used');
like(json()->encode($cx->double('GET', '/_/requests')), qr/\Q$TOKEN\E/,
     'the provider got the token');

# --- rotation ----------------------------------------------------------------

keys_are($k2, $k1);
($code) = $cx->ctl('secrets', 'rotate');
is($code, 0, 'a rotation');
ok($cx->wait_for(10, sub {
       my $s = ask('GET', '/api/v1/secrets')->{json};
       return $s->{behind} == 0 && !$s->{rotation}{running};
   }), '... is done');
my $s = ask('GET', '/api/v1/secrets')->{json};
is($s->{first}, 'k2', 'the new key is the first');
is_deeply([map { [$_->{id}, $_->{boxes}] } @{$s->{keys}}], [['k2', 2]],
          'all boxes are under it');
is($s->{rotation}{sealed}, 2, 'both were sealed anew');
is($s->{rotation}{failed}, 0, 'none failed');

keys_are($k2);
$cx->signal('worker', 'HUP');
answered('the old key is not needed any more');

# --- a key that is missing ---------------------------------------------------

keys_are($k3);
$cx->signal('worker', 'HUP');
ok($cx->wait_for(10, sub { health()->{health} eq 'action_required' }),
   'without its key the channel needs somebody');
like(health()->{health_text}, qr/key "k2".*key_file/, '... and says why');
$n++;
$cx->say(from => $PHONE, text => "$TEXT number $n");

keys_are($k3, $k2);
$cx->signal('worker', 'HUP');
ok($cx->wait_for(10, sub { health()->{health} eq 'ok' }),
   'with it all is well again');
ok($cx->wait_for(15, sub {
       grep { ($_->{text} // '') =~ /number $n$/ } $cx->ledger;
   }), '... and what waited is sent');

keys_are('nonsense');
$cx->signal('worker', 'HUP');
answered('a key file that is broken changes nothing');
keys_are($k3, $k2);

# --- taken back, and a file that wins ----------------------------------------

$res = ask('PATCH', '/api/v1/channels/wa-main',
           { token_file => $cx->path('access_token') });
answered('a file wins over what is sealed');
$res = ask('PATCH', '/api/v1/channels/wa-main',
           { credentials => { token => undef } });
is_deeply($res->{json}{credentials}, {}, 'a token is taken back');
answered('the file is still used');
$res = ask('PATCH', '/api/v1/channels/wa-main',
           { token_file => '', credentials => { token => $TOKEN } });
is($res->{status}, 200, 'and set again');
answered('... in its place');

# --- canaries ----------------------------------------------------------------

my @tenant = ('Connext-Tenant' => 'other');
is(ask('POST', '/api/v1/tenants', { name => 'other' })->{status}, 201,
   'another tenant');
my ($talk) = @{ask('GET', '/api/v1/conversations')->{json}{data}};
my ($mine) = @{ask('GET', '/api/v1/customers')->{json}{data}};
my $theirs = join '', map { ask('GET', $_, undef, @tenant)->{body} // '' }
    '/api/v1/channels', '/api/v1/agents', '/api/v1/conversations',
    '/api/v1/customers', '/api/v1/reviews', '/api/v1/dead-letters',
    '/api/v1/messages', '/api/v1/audit', '/api/v1/erasures',
    '/api/v1/channels/wa-main', '/api/v1/agents/desk',
    "/api/v1/conversations/$talk->{id}",
    "/api/v1/conversations/$talk->{id}/messages",
    "/api/v1/customers/$mine->{id}",
    "/api/v1/customers/$mine->{id}/export";
unlike($theirs, qr/CANARY/, 'nothing of it is seen by another tenant');
unlike($theirs, qr/$PHONE/, '... nor a number');
for my $path ("customers/$mine->{id}", "customers/$mine->{id}/export") {
    is(ask('GET', "/api/v1/$path", undef, @tenant)->{status}, 404,
       "404 for $path");
}
is(ask('POST', "/api/v1/customers/$mine->{id}/reveal",
       { fields => ['phone'] }, @tenant)->{status}, 404, '404 for a reveal');
is(ask('DELETE', "/api/v1/customers/$mine->{id}", undef, @tenant)->{status},
   404, '404 for an erasure');

$cx->redis('BGREWRITEAOF');
$cx->stop(qw(worker nginx redis));

my %where = (pages => join("\n", @pages), $cx->record);
$where{$_} = read_file($_)
    for (grep { -f } glob($cx->path('redis/*')),
                     glob($cx->path('redis/*/*')),
                     grep { !/double\.log/ } glob($cx->path('logs/*')));

for my $what ([token => $TOKEN], [key => $KEY], ['key of ours' => substr $k2, 3])
{
    is(join(' ', grep { index($where{$_}, $what->[1]) >= 0 } sort keys %where),
       '', "the $what->[0] is in no database, dump, log or answer");
}

for my $what ([prompt => $PROMPT], [text => $TEXT], [number => $PHONE]) {
    is(join(' ', grep { /logs/ && index($where{$_}, $what->[1]) >= 0 }
                 sort keys %where), '', "the $what->[0] is in no log");
}

ok((grep { /k3/ && /$TEXT/ } values %where),
   'there was a record to look at');
$cx->finish;
done_testing();

# RCS for Business, end to end: handshake, message, answer, status.

use strict;
use warnings;

use Connext;
use Connext::Process qw(write_file);
use Test::More;

my $AGENT = 'house@rbm.goog';
my $cx = Connext->new(http => <<'_END', location => <<'_END');
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

my $key = `openssl genrsa 2048 2>/dev/null`;
write_file($cx->path('client_token'), "canary-client-token\n", 0600);
write_file($cx->path('service_account'), Connext::json()->encode({
    type => 'service_account', client_email => 'bot@project.example',
    private_key => $key }), 0600);

$cx->start(qw(redis nginx double worker));
$cx->set_up(channel => {
    type => 'rcs', name => 'rcs-main', account => $AGENT,
    token_file => $cx->path('service_account'),
    base_url => "http://127.0.0.1:$cx->{double_port}",
    settings => {
        token_url => "http://127.0.0.1:$cx->{double_port}/oauth2/token" } });


sub simulate {
    my (@args) = @_;

    return $cx->ctl('simulate', 'rcs', '--channel', 'rcs-main',
                    '--secret-file', $cx->path('client_token'), @args);
}


sub messages {
    my ($c) = @{$cx->api('GET', '/api/v1/conversations')->{data}} or return;
    return @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
             ->{data}};
}


# --- the handshake ------------------------------------------------------------

my ($rc, $out) = simulate('--verify-token-file', $cx->path('client_token'));
is($rc, 0, 'the handshake');

# --- a question ---------------------------------------------------------------

($rc, $out) = simulate('--text', 'When is check-out?', '--wait');
is($rc, 0, 'a question is answered');
like($out, qr/11:00/, 'from the knowledge file');

my ($sent) = $cx->ledger;
is($sent->{to}, '+15550104821', 'to the number it came from');
is($sent->{account}, 'house', 'as the agent');
like($sent->{intent}, qr/^[0-9a-f-]{36}$/, 'under a UUID of ours');
my @m = messages();
is($m[1]{provider_id}, $sent->{intent}, 'which is on record');

my @asked = @{$cx->double('GET', '/_/requests')->{requests}};
my @logins = grep { $_->{path} =~ /token/ } @asked;
is(scalar @logins, 1, 'one login');
simulate('--text', 'Is there parking?', '--wait');
@asked = @{$cx->double('GET', '/_/requests')->{requests}};
is((() = grep { $_->{path} =~ /token/ } @asked), 1,
   'the token serves the next one');
ok((grep { $_->{path} =~ /agentEvents/ } @asked),
   'which is marked read, and typing shown');

# --- statuses -----------------------------------------------------------------

is((simulate('--status', 'delivered', '--of', $sent->{intent}))[0], 0,
   'delivered');
ok($cx->wait_for(10, sub { (messages())[1]{state} eq 'delivered' }),
   'is on record');
is((simulate('--status', 'read', '--of', $sent->{intent}))[0], 0, 'read');
ok($cx->wait_for(10, sub { (messages())[1]{state} eq 'read' }),
   'is on record');

# --- every kind ---------------------------------------------------------------

for my $kind (split ' ', (simulate('--list'))[1]) {
    is((simulate('--type', $kind))[0], 0, "$kind is accepted");
}
is((simulate('--bad-signature'))[0], 0, 'a wrong signature is not');
is((simulate('--no-signature'))[0], 0, 'nor none');

# --- an answer that is lost ---------------------------------------------------

$cx->script({ match => { path => '/agentMessages', text => 'Breakfast' },
              do => { act => 'accept_then_close' } });
$cx->knowledge('desk', 'more.md', "# Breakfast\n\nBreakfast is at 8:00.\n");
simulate('--text', 'When is breakfast?', '--from', '+15550104899');
ok($cx->wait_for(15, sub {
    grep { $_->{to} eq '+15550104899' } $cx->ledger }), 'it is accepted');
ok($cx->wait_for(15, sub {
    @asked = grep { $_->{path} =~ m{4899/agentMessages} }
             @{$cx->double('GET', '/_/requests')->{requests}};
    @asked >= 2 }), 'and asked for again, as nobody heard that');
is($asked[0]{query}, $asked[1]{query}, 'under the same id');
is((() = grep { $_->{to} eq '+15550104899' } $cx->ledger), 1,
   'the customer has it once');

$cx->finish;
done_testing();

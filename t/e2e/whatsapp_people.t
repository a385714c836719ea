# WhatsApp: a token that the provider refuses, and the new one that it takes;
# a person who answers in the app on the phone (coexistence).

use strict;
use warnings;

use Connext;
use Connext::Process qw(write_file);
use Connext::Sample qw(json);
use Test::More;
use Time::HiRes qw(time);

my $cx = Connext->new(double => ['--statuses', 'none'],
                      worker => { 'worker.quiet_ms' => 800,
                                  'worker.quiet_cap_ms' => 2000 })
                ->start(qw(redis nginx double worker));
$cx->set_up;


sub sent_to {
    my ($tail) = @_;

    return grep { $_->{to} =~ /$tail$/ } $cx->ledger;
}


sub conversation {
    my ($tail) = @_;

    my ($c) = grep { $_->{phone_masked} =~ /$tail$/ }
              @{$cx->api('GET', '/api/v1/conversations')->{data}};
    return $c;
}


sub messages {
    my $c = conversation(@_) or return;
    return @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
               ->{data}};
}


sub health {
    return $cx->api('GET', '/api/v1/channels/wa-main')->{health};
}


# --- a token that is refused -------------------------------------------------

$cx->script({ match => { kind => 'graph' }, times => 2,
              do => { code => 190 } });
$cx->say(from => 16505556001, text => 'Is there parking?');
ok($cx->wait_for(10, sub { health() eq 'action_required' }),
   'a refused token: the channel needs action');


# It was tried, or looked at, and is put off.
sub waits {
    my ($tail) = @_;

    return $cx->wait_for(10, sub {
        grep { $_->{direction} eq 'out' && $_->{state} eq 'ready'
               && $_->{error} } messages($tail);
    });
}


ok(waits('6001'), 'the answer waits');
$cx->say(from => 16505556002, text => 'When is check-in?');
ok(waits('6002'), '... and so does the next one');
is(scalar($cx->ledger), 0, 'nobody got anything');

my $token = 'canary-new-token-' . int(time);
write_file($cx->path('new_token'), "$token\n", 0600);
$cx->api('PATCH', '/api/v1/channels/wa-main',
         { token_file => $cx->path('new_token') });

# What was refused is tried once a minute.
ok($cx->wait_for(90, sub { sent_to('6001') == 1 && sent_to('6002') == 1 }),
   'with a new token both are sent, once');
is(health(), 'ok', 'the channel is well again');
my ($last) = grep { ($_->{kind} // '') eq 'send'
                    || ($_->{path} // '') =~ /messages$/ }
             reverse @{$cx->double('GET', '/_/requests')->{requests}};
is($last->{authorization}, "Bearer $token", '... by the new token');

# --- a person answers in the app ---------------------------------------------

sub echo {
    my ($to, $id, $text) = @_;

    return $cx->post(json()->encode({
        object => 'whatsapp_business_account',
        entry => [{ id => '102290129340398', changes => [{
            field => 'smb_message_echoes',
            value => {
                messaging_product => 'whatsapp',
                metadata => { display_phone_number => '15550783881',
                              phone_number_id => $Connext::ACCOUNT },
                message_echoes => [{ from => '15550783881', to => "$to",
                                     id => $id, timestamp => '' . int(time),
                                     type => 'text',
                                     text => { body => $text } }] } }] }],
    }));
}


$cx->say(from => 16505556003, text => 'Is there parking?');
ok($cx->wait_for(10, sub { sent_to('6003') == 1 }), 'the AI answers');
$cx->say(from => 16505556003, text => 'When is check-out?');
ok($cx->wait_for(10, sub { grep { $_->{text} =~ /check-out/ }
                           messages('6003') }), 'a question is thought about');
is(echo(16505556003, 'wamid.echo1', 'Ann here: until eleven.')->{status}, 200,
   'a person answers on the phone');
ok($cx->wait_for(10, sub { conversation('6003')->{bot} eq 'off' }),
   'the AI goes quiet');
my ($echo) = grep { $_->{text} =~ /^Ann/ } messages('6003');
is("$echo->{direction} $echo->{author} $echo->{state}", 'out human sent',
   '... what was said is on record');
echo(16505556003, 'wamid.echo1', 'Ann here: until eleven.');
$cx->say(from => 16505556003, text => 'Thank you! Is there parking?');
ok($cx->wait_for(10, sub { (messages('6003'))[-1]{text} =~ /^Thank/ }),
   'the customer goes on');
is((messages('6003'))[-1]{turn}, undef, '... and gets no answer of the AI');
is(scalar(grep { $_->{text} =~ /^Ann/ } messages('6003')), 1,
   'an echo that is repeated is one');
is(scalar(sent_to('6003')), 1, 'nothing more was sent');

my $c = conversation('6003');
$cx->api('PATCH', "/api/v1/conversations/$c->{id}", { bot => 'on' });
$cx->say(from => 16505556003, text => 'When is check-in?');
ok($cx->wait_for(15, sub { sent_to('6003') == 2 }), 'given back, it answers');

unlike($cx->logs, qr/canary|Ann here|1650555600/,
       'no token, no text, no number in a log');
$cx->finish;
done_testing();

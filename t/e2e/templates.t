# Templates as the provider has them: listed page by page, moved by its word,
# and asked before one is sent.  And quick replies.

use strict;
use warnings;

use Connext;
use Connext::Sample qw(delivery json text_message);
use Test::More;

my $WABA = '102290129340398';
my $cx = Connext->new->start(qw(redis nginx double worker));


sub template {
    my ($name, $state, %more) = @_;

    return { name => $name, language => 'en_US', status => $state,
             category => 'UTILITY', id => "id-$name",
             components => [{ type => 'BODY', text => 'Hello {{1}}' }],
             %more };
}


# The answer to the next question of a page.
sub page {
    my ($templates, $after) = @_;

    return { match => { kind => 'other', path => 'message_templates' },
             do => { act => 'ok', status => 200, body => {
                 data => $templates, paging => {
                     cursors => { after => $after // 'end' },
                     $after ? (next => 'https://graph.example/next') : () } } } };
}


sub call {
    my ($method, $path, $what) = @_;

    my $res = $cx->api_raw('worker', $method, "/api/v1/$path",
                           $what ? json()->encode($what) : undef);
    return ($res->{status}, $res->{body} ? json()->decode($res->{body}) : {});
}


sub templates {
    return map { ("$_->{name}" => $_) }
           @{$cx->api('GET', '/api/v1/templates')->{data}};
}


$cx->script(
    page([template('hello', 'APPROVED',
                   quality_score => { score => 'GREEN' })], 'p2'),
    page([template('paused', 'PAUSED'),
          template('refused', 'REJECTED',
                   rejected_reason => 'ABUSIVE_CONTENT')]));
$cx->set_up(channel => { settings => { rate => '100000' } });
my $customer = '16505551234';
$cx->say(id => 'wamid.1', text => 'Is there parking?', from => $customer);
my $c;
ok($cx->wait_for(10, sub {
    ($c) = @{$cx->api('GET', '/api/v1/conversations')->{data}} }), 'a talk');

sub send_template {
    my ($name) = @_;

    return call('POST', "conversations/$c->{id}/messages",
                { kind => 'template', name => $name, language => 'en_US' });
}


# --- without a mirror --------------------------------------------------------

is((send_template('whatever'))[0], 201, 'nothing is known: it is tried');
is((call('POST', 'channels/wa-main/templates/sync', {}))[0], 409,
   'an account is needed');

# --- mirrored ----------------------------------------------------------------

is((call('PATCH', 'channels/wa-main',
         { settings => { rate => '100000', waba => 'me' } }))[0], 400,
   'which has digits');
call('PATCH', 'channels/wa-main',
     { settings => { rate => '100000', waba => $WABA } });
my %t;
ok($cx->wait_for(15, sub { %t = templates(); keys %t == 3 }),
   'all pages are read');
is("$t{hello}{state} $t{hello}{quality} $t{hello}{category}",
   'APPROVED GREEN UTILITY', 'with state and quality');
is("$t{refused}{state} $t{refused}{reason}", 'REJECTED ABUSIVE_CONTENT',
   '... and why not');
is($t{hello}{components}[0]{text}, 'Hello {{1}}', '... and what they say');
my @asked = grep { $_->{path} =~ /message_templates/ }
            @{$cx->double('GET', '/_/requests')->{requests}};
is($asked[0]{path}, "/v21.0/$WABA/message_templates", 'of that account');
like($asked[1]{query}, qr/&after=p2$/, '... one after the other');

is((send_template('hello'))[0], 201, 'an approved one is sent');
my ($status, $got) = send_template('paused');
is($status, 409, 'a paused one is not');
like($got->{detail}, qr/PAUSED/, '... and it says why');
($status, $got) = send_template('nosuch');
is($status, 400, 'nor one there is not');

# --- the provider's word -----------------------------------------------------

sub told {
    my ($name, $event) = @_;

    return $cx->post(json()->encode({
        object => 'whatsapp_business_account', entry => [{
            id => $WABA, time => time, changes => [{
                field => 'message_template_status_update', value => {
                    event => $event, message_template_id => 1,
                    message_template_name => $name,
                    message_template_language => 'en_US',
                    reason => 'NONE' } }] }] }));
}


is(told('paused', 'APPROVED')->{status}, 200, 'the provider tells');
ok($cx->wait_for(10, sub { %t = templates();
                           $t{paused}{state} eq 'APPROVED' }),
   'its state moves');
is((send_template('paused'))[0], 201, '... and it is sent');
told('hello', 'DISABLED');
ok($cx->wait_for(10, sub { (send_template('hello'))[0] == 409 }),
   'one that is disabled is not any more');

# --- asked for anew ----------------------------------------------------------

$cx->script(page([template('hello', 'APPROVED')]));
my ($code, $out) = $cx->ctl('templates', 'sync', 'wa-main');
is($code, 0, 'a sync by hand') or diag $out;
%t = templates();
is(join(' ', map { "$_ $t{$_}{state}" } sort keys %t), 'hello APPROVED',
   'what is gone there is gone here');
$cx->script({ match => { kind => 'other', path => 'message_templates' },
              times => 1, do => { status => 403, body => {} } });
($status, $got) = call('POST', 'channels/wa-main/templates/sync', {});
is($status, 409, 'the provider refuses');
is(join(' ', keys %{{templates()}}), 'hello', '... and nothing is lost');

# --- quick replies -----------------------------------------------------------

($status) = call('POST', 'quick-replies', { name => 'hours',
    text => 'Dear {{customer.name}}, {{ when }} by {{agent.name}}.' });
is($status, 201, 'a quick reply');
is((call('POST', 'quick-replies', { name => 'hours', text => 'x' }))[0], 409,
   'one of a name');
is((call('POST', 'quick-replies', { name => 'hours', language => 'de',
                                    text => 'Um acht.' }))[0], 201,
   '... in a language');
my @say = ('POST', "conversations/$c->{id}/messages");
($status, $got) = call(@say, { quick_reply => 'hours' });
is($status, 400, 'a variable without a value');
like($got->{detail}, qr/"(?:when|customer\.name)"/, '... is named');
($status, $got) = call(@say, { quick_reply => 'hours', vars => {
    'customer.name' => 'Eva', when => 'at eight' } });
is($status, 201, 'said');
is($got->{data}[0]{text}, 'Dear Eva, at eight by desk.', '... filled in');
($status, $got) = call(@say, { quick_reply => 'hours', language => 'de' });
is($got->{data}[0]{text}, 'Um acht.', '... in that language');
is((call(@say, { quick_reply => 'nosuch' }))[0], 400, 'one there is not');
is((call(@say, { quick_reply => 'hours', text => 'x' }))[0], 400,
   'either that or a text');

is(scalar($cx->bad_log_lines), 0, 'no alert');
$cx->finish;
done_testing();

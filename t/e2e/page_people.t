# Messenger and Instagram, and people: whose echo it is, what a person says in
# every form, how long texts and receipts leave.

use strict;
use warnings;

use Connext;
use Connext::Page qw(installed);
use Encode qw(encode_utf8);
use Test::More;


sub sent {
    my ($cx, $page) = @_;

    return grep { $_->{to} eq $page->{peer} } $cx->ledger;
}


sub out_states {
    my ($page) = @_;

    return map { $_->{state} }
           grep { $_->{direction} eq 'out' } $page->messages;
}


sub conversation {
    my ($cx) = @_;

    my ($c) = @{$cx->api('GET', '/api/v1/conversations')->{data}};
    return $c;
}


# --- whose echo it is --------------------------------------------------------

sub echoes {
    my ($cx, $page) = @_;

    $page->say('When is check-out?');
    ok($cx->wait_for(10, sub {
           ((out_states($page))[0] // '') eq 'accepted' }),
       "$page->{type}: a question is answered");
    my ($first) = sent($cx, $page);

    # No metadata comes back: by its id, by its text.
    $page->echo({ mid => $first->{wamid}, text => $first->{text},
                  app_id => '1' });
    ok($cx->wait_for(10, sub { (out_states($page))[0] eq 'sent' }),
       'our own echo is known by its id');

    $cx->script({ match => { kind => 'graph', text => 'parking' }, times => 1,
                  do => { act => 'accept_then_close', statuses => [] } },
                { match => { kind => 'graph', text => 'Parking' }, times => 1,
                  do => { act => 'accept_then_close', statuses => [] } });
    $page->say('Is there parking?');
    ok($cx->wait_for(10, sub {
           ((out_states($page))[1] // '') eq 'ambiguous' }),
       'the answer to a send is lost');
    my $second = (sent($cx, $page))[1];
    $page->echo({ text => $second->{text} });
    ok($cx->wait_for(10, sub { (out_states($page))[1] eq 'sent' }),
       '... and its echo known by its text') or diag(out_states($page));
    ok(!conversation($cx)->{quiet_until}, 'the bot still speaks');
    is(scalar(sent($cx, $page)), 2, 'nothing is said twice');

    $page->echo({ text => 'I look after this myself.' });
    ok($cx->wait_for(10, sub { conversation($cx)->{quiet_until} }),
       'what a person says in the inbox: the bot is quiet');
    $page->say('When is check-in?');
    ok($cx->wait_for(10, sub {
           grep { $_->{text} eq 'When is check-in?' } $page->messages }),
       'the next question is on record');
    $cx->api('PATCH', '/api/v1/conversations/' . conversation($cx)->{id},
             { bot => 'on' });
    $page->say('When is check-out?');
    ok($cx->wait_for(10, sub { sent($cx, $page) >= 3 }),
       'until the bot is let in again');
    is_deeply([map { $_->{text} =~ /15:00/ ? 'check-in' : () }
               sent($cx, $page)], [], 'what it kept quiet about stays so');
}


# --- what a person says ------------------------------------------------------

sub says {
    my ($cx, $page, $what) = @_;

    my $before = sent($cx, $page);
    $cx->api('POST', '/api/v1/conversations/' . conversation($cx)->{id}
                     . '/messages', $what);
    $cx->wait_for(10, sub { sent($cx, $page) > $before });
    $cx->wait_for(10, sub { !grep { /ready|sending/ } out_states($page) });
    return map { $_->{body} }
           @{$cx->double('GET', '/_/requests?kind=graph')->{requests}};
}


sub kinds {
    my ($cx, $page) = @_;

    my @yes_no = ({ id => 'y', title => 'Yes' }, { id => 'n', title => 'No' });
    my $link = { title => 'Book', url => 'https://example.com/' };
    my $body;

    $body = (says($cx, $page, { kind => 'buttons', text => 'Late check-out?',
                                choices => \@yes_no }))[-1];
    is_deeply([map { $_->{payload} } @{$body->{message}{quick_replies}}],
              ['y', 'n'], 'buttons are quick replies');
    is($body->{messaging_type}, 'RESPONSE', '... inside the window');

    $body = (says($cx, $page, { kind => 'buttons', text => 'Rooms',
                                choices => [$link, @yes_no] }))[-1];
    is($body->{message}{attachment}{payload}{template_type}, 'button',
       'with a link they are a template');

    my @bodies = says($cx, $page, { kind => 'image', text => 'The view',
        media_url => 'https://example.com/a.jpg',
        media_mime => 'image/jpeg' });
    is($bodies[-2]{message}{attachment}{type}, 'image', 'an image');
    is($bodies[-1]{message}{text}, 'The view', '... its caption comes after');

    $body = (says($cx, $page, { kind => 'location', latitude => 38.7139,
        longitude => -9.1334, place => 'Hotel' }))[-1];
    like($body->{message}{text}, qr/Hotel.*38\.7139/s, 'a place becomes text');

    my $list = { kind => 'list', text => 'Which room?', button => 'Rooms',
                 choices => [map { { title => "Room $_",
                                     description => 'Sea view' } } 1 .. 3] };
    $body = (says($cx, $page, $list))[-1];
    like($body->{message}{text}, qr/^1\. Room 1/m, 'a list becomes numbers');

    is(scalar(grep { /failed|held|ambiguous/ } out_states($page)), 0,
       'nothing was refused');
}


sub receipts {
    my ($cx, $page) = @_;

    my %seen = map { $_->{body}{sender_action} => 1 }
               @{$cx->double('GET', '/_/requests?kind=receipt')->{requests}};
    is(join(' ', sort keys %seen), 'mark_seen typing_on',
       'questions are marked as seen, and typing is shown');
}


# Cut at words so that no part has more than 1000 bytes.
sub long_text {
    my ($cx, $page) = @_;

    my $long = join ' ', ("\x{e9}\x{e9}\x{e9}\x{e9}") x 400;
    my $before = sent($cx, $page);

    $cx->api('POST', '/api/v1/conversations/' . conversation($cx)->{id}
                     . '/messages', { kind => 'text', text => $long });
    ok($cx->wait_for(10, sub {
        my @all = sent($cx, $page);
        return join(' ', map { $_->{text} } @all[$before .. $#all]) eq $long;
    }), 'a long text arrives, whole and in order');

    my @all = sent($cx, $page);
    is(scalar(@all) - $before, 4, '... in four parts');
    is(scalar(grep { length encode_utf8($_->{text}) > 1000 } @all), 0,
       '... none of more than 1000 bytes');
}


for my $type (qw(messenger instagram)) {
    my ($cx, $page) = installed($type, double => ['--statuses', 'none'],
                                worker => { 'worker.reconcile_ms' => 9000 });

    echoes($cx, $page);
    receipts($cx, $page);
    kinds($cx, $page);
    long_text($cx, $page) if $type eq 'instagram';
    $cx->finish;
}

done_testing();

package Connext::Sample;

# WhatsApp deliveries as Meta sends them, and their signatures.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use Exporter 'import';
use JSON::PP;

our @EXPORT_OK = qw(text_message delivery status signature json customer);

my $json = JSON::PP->new->canonical->utf8;


sub json {
    return $json;
}


# Number n of a made-up range.
sub customer {
    my ($n) = @_;

    return 16505550000 + $n;
}


sub text_message {
    my (%m) = @_;

    return {
        from => "$m{from}", id => $m{id},
        timestamp => '' . ($m{timestamp} // time), type => 'text',
        text => { body => $m{text} // 'Hello' },
    };
}


sub status {
    my (%s) = @_;

    return {
        id => $s{id}, status => $s{status}, recipient_id => "$s{to}",
        timestamp => '' . ($s{timestamp} // time),
        defined $s{tag} ? (biz_opaque_callback_data => $s{tag}) : (),
    };
}


# One entry, one change: messages and statuses by reference.
sub delivery {
    my (%d) = @_;

    my $value = {
        messaging_product => 'whatsapp',
        metadata => { display_phone_number => '15550783881',
                      phone_number_id => $d{account} // '106540352242922' },
    };

    if ($d{messages}) {
        $value->{messages} = $d{messages};
        my %seen;
        $value->{contacts} = [
            map { { profile => { name => $d{name} // 'Ana' }, wa_id => $_ } }
            grep { !$seen{$_}++ } map { $_->{from} } @{$d{messages}}
        ];
    }

    $value->{statuses} = $d{statuses} if $d{statuses};
    return $json->encode({
        object => 'whatsapp_business_account',
        entry => [{ id => '102290129340398',
                    changes => [{ value => $value, field => 'messages' }] }],
    });
}


sub signature {
    my ($body, $secret) = @_;

    return 'sha256=' . hmac_sha256_hex($body, $secret);
}


1;

<?php

// The PHP client's part in ../exactly_once.py, which says what it does. Its buffer is smaller than a part, so that
// the spool has its part as well.

declare(strict_types=1);

require __DIR__ . '/../../../clients/php/src/Client.php';

$client = new Metergate\Client(
    url: getenv('METERGATE_URL'),
    token: getenv('METERGATE_TOKEN'),
    source: 'php-test',
    batchEventsMax: 100,
    bufferEventsMax: 1000,
    retryMaxSeconds: 0.5,
    spoolFolder: getenv('METERGATE_SPOOL'),
);
for ($part = 1; $part <= 3; ++$part) {
    for ($n = 0; $n < 2000; ++$n) {
        $call = ['method' => 'GET', 'endpoint' => '/orders/{order_id}', 'status' => 200, 'request_bytes' => 200,
            'response_bytes' => 900, 'duration_ms' => $n / 1000];
        $client->trackApiCall('park', $call);
        if ($n % 4 === 0) {
            $client->trackApiCall('zoo', $call);
        }
        if ($n % 10 === 0) {
            $client->trackWebhookCall('park', 'orders', $n % 100 !== 0, 80);
        }
    }
    $client->trackStorageUsage('nobody', 1);
    $client->trackStorageUsage('park', $part * 1_000_000);
    $client->trackDeviceCount('park', $part * 10);
    $client->trackStoreCount('park', $part);
    $client->trackStoreCount('zoo');
    echo "part $part\n";
    fgets(STDIN);
}
$isSent = $client->flush(20);
echo json_encode($client->counts()), "\n";
if ($client->counts()['spooled'] === 0 || glob(getenv('METERGATE_SPOOL') . '/*') !== []) {
    fwrite(STDERR, "the spool was never used, or is not empty\n");
    exit(1);
}
exit($isSent ? 0 : 1);

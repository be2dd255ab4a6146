<?php

// A server for the PHP client's tests: prints its port, then answers the n-th request with the n-th of the answers
// given as a JSON array of [status, fields and body], afterwards with 204; writes each body as a line of JSON to
// standard output. An answer of null closes the connection. Ends with its standard input.

declare(strict_types=1);

$answers = json_decode($argv[1], true, 8, JSON_THROW_ON_ERROR);
$listener = stream_socket_server('tcp://127.0.0.1:0');
echo parse_url('tcp://' . stream_socket_get_name($listener, false), PHP_URL_PORT), "\n";
for ($n = 0;;) {
    $ready = [$listener, STDIN];
    $none = null;
    stream_select($ready, $none, $none, null);
    if (in_array(STDIN, $ready, true)) {
        break;
    }
    $connection = stream_socket_accept($listener);
    $head = '';
    while (!str_ends_with($head, "\r\n\r\n") && ($line = fgets($connection)) !== false) {
        $head .= $line;
    }
    preg_match('/content-length: (\d+)/i', $head, $length);
    echo json_encode(stream_get_contents($connection, (int) $length[1])), "\n";
    $answer = array_key_exists($n, $answers) ? $answers[$n] : ['204 No Content', "\r\n"];
    ++$n;
    if ($answer !== null) {
        fwrite($connection, "HTTP/1.1 $answer[0]\r\nConnection: close\r\n$answer[1]");
    }
    fclose($connection);
}

<?php
// EmailLabs' API v1 as its official client calls it: curl and http_build_query, no Content-Type of its own.
//
//   php emaillabs.php BASE APP_KEY SECRET_KEY METHOD ACTION[?QUERY] [FORM as JSON]
//
// Prints the HTTP status, the Content-Type and the decoded answer as one line of JSON.

[, $base, $appKey, $secretKey, $method, $action] = $argv;

$curl = curl_init();
curl_setopt($curl, CURLOPT_URL, $base . $action);
curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
curl_setopt($curl, CURLOPT_USERPWD, "$appKey:$secretKey");
curl_setopt($curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
if ($method === 'POST') {
    curl_setopt($curl, CURLOPT_POST, true);
    curl_setopt($curl, CURLOPT_POSTFIELDS, http_build_query(json_decode($argv[6], true)));
} elseif ($method !== 'GET') {
    curl_setopt($curl, CURLOPT_CUSTOMREQUEST, $method);
}
$answer = curl_exec($curl);
if ($answer === false) {
    fwrite(STDERR, curl_error($curl) . "\n");
    exit(1);
}
echo json_encode([
    'http' => curl_getinfo($curl, CURLINFO_HTTP_CODE),
    'type' => curl_getinfo($curl, CURLINFO_CONTENT_TYPE),
    'answer' => json_decode($answer, true, 512, JSON_THROW_ON_ERROR),
]), "\n";

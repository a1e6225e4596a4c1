/**
 * A self-signed certificate for localhost, only for the specs. It was made with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500`.
 */
export const certificate = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglgcuxXnWLTbOn8Qm
+0D5eXWriq3yPYw0nSJSqfx/MpChRANCAASymaPhiI+edKu/SQl+YtamoR4m3CY2
WJbBLBriH7H/OCtpDVAR7q37Vjo9Ijc8BF11ch6td2FNNrNYHQzP5sTk
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUG1ceX5iRSQZ9KZOdN4/B1ntlzyowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE2NTkwMFoYDzIxMjYxMDI5
MTY1OTAwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASymaPhiI+edKu/SQl+YtamoR4m3CY2WJbBLBriH7H/OCtpDVAR7q37
Vjo9Ijc8BF11ch6td2FNNrNYHQzP5sTko28wbTAdBgNVHQ4EFgQUAk3EvIxibB6b
JQclAJA/0zxKRHEwHwYDVR0jBBgwFoAUAk3EvIxibB6bJQclAJA/0zxKRHEwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAMewM91Vz2Pig2JAjE3cHK/e13vPwGeT6aZToN+o4UbSAiEA
9+4ALxyqFjHDcUqpg5s2X7ftz7EEFUIBTb6eW36wBvM=
-----END CERTIFICATE-----
`,
};

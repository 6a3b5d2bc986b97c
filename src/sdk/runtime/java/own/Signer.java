package OWN_PACKAGE.runtime;

import com.amazonaws.auth.AWSCredentials;
import com.amazonaws.auth.AWSSessionCredentials;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signs requests. AWS: IAM user guide, "Create a signed AWS API request" (Signature Version 4). */
final class Signer {
    private static final DateTimeFormatter MOMENT = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT);

    private Signer() {}

    /** The headers, with the signature's if there are credentials. */
    static Map<String, String> sign(Settings settings, String method, URI uri, Map<String, String> headers, byte[] body) {
        AWSCredentials credentials = settings.credentials == null ? null : settings.credentials.getCredentials();
        if (credentials == null) return headers;
        Map<String, String> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        all.putAll(headers);
        String moment = MOMENT.format(Instant.now().atOffset(ZoneOffset.UTC));
        all.put("x-amz-date", moment);
        if (credentials instanceof AWSSessionCredentials) {
            all.put("x-amz-security-token", ((AWSSessionCredentials) credentials).getSessionToken());
        }
        // 1. The canonical request; path segments are encoded once more, as for all services but S3.
        Map<String, String> signed = new TreeMap<>();
        all.forEach((name, value) -> signed.put(name.toLowerCase(Locale.ROOT), value.trim().replaceAll(" +", " ")));
        boolean isUsual = uri.getPort() == -1 || uri.getPort() == ("https".equals(uri.getScheme()) ? 443 : 80);
        signed.put("host", isUsual ? uri.getHost() : uri.getHost() + ":" + uri.getPort());
        List<String> lines = new ArrayList<>(List.of(method));
        List<String> segments = new ArrayList<>();
        for (String segment : uri.getRawPath().split("/", -1)) segments.add(Sender.quote(segment));
        lines.add(String.join("/", segments));
        String[] query = uri.getRawQuery() == null ? new String[0] : uri.getRawQuery().split("&");
        Arrays.sort(query);
        lines.add(String.join("&", query));
        signed.forEach((name, value) -> lines.add(name + ":" + value));
        String names = String.join(";", signed.keySet());
        lines.addAll(List.of("", names, hash(body == null ? new byte[0] : body)));
        // 2. The string to sign.
        String scope = moment.substring(0, 8) + "/" + settings.region + "/execute-api/aws4_request";
        String toSign = String.join("\n", "AWS4-HMAC-SHA256", moment, scope, hash(bytes(String.join("\n", lines))));
        // 3. The signing key, and 4. the signature.
        byte[] key = bytes("AWS4" + credentials.getAWSSecretKey());
        for (String part : scope.split("/")) key = hmac(key, part);
        all.put("authorization", "AWS4-HMAC-SHA256 Credential=" + credentials.getAWSAccessKeyId() + "/" + scope
            + ", SignedHeaders=" + names + ", Signature=" + hex(hmac(key, toSign)));
        return all;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String hex(byte[] bytes) {
        StringBuilder out = new StringBuilder();
        for (byte one : bytes) out.append(String.format("%02x", one & 0xff));
        return out.toString();
    }

    private static String hash(byte[] bytes) {
        try {
            return hex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(bytes(text));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}

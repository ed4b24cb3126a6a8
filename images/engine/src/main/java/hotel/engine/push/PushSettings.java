package hotel.engine.push;

import hotel.engine.SetupException;
import java.net.URI;
import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Where the engine tells that a topic has a new task that no worker waits for.
 *
 * @param url the autoscaler's address for pushes; empty for no pushes
 * @param tokenFile the file with the bearer token that it asks for; read for each push, as a mounted Secret may change
 */
@ConfigurationProperties("hotel.engine.push")
record PushSettings(String url, String tokenFile) {

    boolean enabled() {
        return !url.isBlank();
    }

    URI address() {
        try {
            var address = URI.create(url.strip());
            if (address.getHost() != null && address.getUserInfo() == null
                    && ("http".equals(address.getScheme()) || "https".equals(address.getScheme()))) {
                return address;
            }
        } catch (IllegalArgumentException notAnAddress) {
            throw new SetupException(wrong(), notAnAddress);
        }
        throw new SetupException(wrong());
    }

    Path token() {
        if (tokenFile.isBlank()) {
            throw new SetupException("ENGINE_PUSH_TOKEN_FILE: name the file with the token, as ENGINE_PUSH_URL is set");
        }
        return Path.of(tokenFile.strip());
    }

    private static String wrong() {
        return "ENGINE_PUSH_URL: write a URL like http://operator:8091/push, without user and password";
    }
}

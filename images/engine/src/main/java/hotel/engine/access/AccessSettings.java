package hotel.engine.access;

import hotel.engine.SetupException;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Who may ask.
 *
 * @param webapps the path of the web applications
 * @param allowedHosts the names, without ports, under which the engine answers; none stands for any
 * @param allowedOrigins the origins of other sites whose pages may use the engine
 * @param cache how long it is remembered who somebody is and what they may do; zero stands for not at all
 */
@ConfigurationProperties("hotel.engine.access")
public record AccessSettings(String webapps, List<String> allowedHosts, List<String> allowedOrigins,
        Duration cache) {

    private static final Duration LONGEST_CACHE = Duration.ofMinutes(5);

    public AccessSettings {
        allowedHosts = allowedHosts == null ? List.of() : allowedHosts.stream().map(Hosts::normal).toList();
        allowedOrigins = allowedOrigins == null ? List.of() : allowedOrigins.stream().map(Origins::checked).toList();
        cache = cache == null ? Duration.ZERO : cache;
        if (cache.isNegative() || cache.compareTo(LONGEST_CACHE) > 0) {
            throw new SetupException("ENGINE_ACCESS_CACHE_SECONDS is " + cache.toSeconds() + ": set a number of seconds from "
                    + "0 to " + LONGEST_CACHE.toSeconds() + "; for so long other replicas may heed a former password or right");
        }
    }
}

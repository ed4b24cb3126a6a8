package hotel.engine;

import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What we add to the engine's own settings.
 *
 * @param processDefinitions keys that worker, scaler and client are granted on; {@code *} stands for all
 * @param scalerUnlock whether the scaler may also unlock tasks, which takes the right to update instances
 * @param databaseWait how long the start waits for the database
 */
@ConfigurationProperties("hotel.engine")
record EngineSettings(List<String> processDefinitions, boolean scalerUnlock, Duration databaseWait) {}

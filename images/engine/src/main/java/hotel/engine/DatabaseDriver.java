package hotel.engine;

import com.zaxxer.hikari.HikariDataSource;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Settings of PostgreSQL's driver, which other drivers would refuse; what the URL says goes before them. */
@Configuration(proxyBeanMethods = false)
class DatabaseDriver {

    private static final String POSTGRESQL = "jdbc:postgresql:";

    @Bean
    static BeanPostProcessor driverProperties(Environment environment) {
        return new BeanPostProcessor() {
            @Override
            public Object postProcessBeforeInitialization(Object bean, String name) {
                if (bean instanceof HikariDataSource pool && String.valueOf(pool.getJdbcUrl()).startsWith(POSTGRESQL)) {
                    set(pool, environment);
                }
                return bean;
            }
        };
    }

    private static void set(HikariDataSource pool, Environment environment) {
        // A machine or network that is gone says nothing: without a limit its statements would wait for hours.
        pool.addDataSourceProperty("socketTimeout", seconds(environment.getProperty("hotel.engine.database-timeout-seconds")));
        pool.addDataSourceProperty("tcpKeepAlive", "true");
        for (var pair : environment.getProperty("hotel.engine.database-properties", "").split("&")) {
            var parts = pair.split("=", 2);
            if (parts.length == 2) {
                pool.addDataSourceProperty(parts[0], parts[1]);
            }
        }
    }

    private static String seconds(String text) {
        if (text == null || !text.matches("[0-9]{1,6}")) {
            throw new SetupException("ENGINE_DATABASE_TIMEOUT_SECONDS: write a number of seconds, or 0 for no limit");
        }
        return text;
    }
}
